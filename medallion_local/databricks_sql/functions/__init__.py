"""SQL functions: stored in the catalog, and inlined where they are called."""
