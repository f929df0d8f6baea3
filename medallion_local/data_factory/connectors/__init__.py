"""How each type of linked service is reached on this machine."""
