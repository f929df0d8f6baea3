"""Start, find and stop the warehouse of a home, and tell dbt and other programs where it is."""
