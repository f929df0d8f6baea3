"""Session variables, EXECUTE IMMEDIATE and IDENTIFIER."""
