"""Functions of users: stored in the catalog. Those in SQL are inlined where they are called."""
