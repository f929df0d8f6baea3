"""Connects each type of linked service to its local replacement."""
