"""The generated source database and its simulated days."""
