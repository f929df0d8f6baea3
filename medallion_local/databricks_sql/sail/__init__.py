"""The embedded engine: Sail, and what it answers differently from Spark."""
