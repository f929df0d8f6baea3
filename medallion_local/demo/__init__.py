"""The demo: the whole pipeline over several simulated days."""
