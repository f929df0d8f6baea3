"""The sections of the page, each from the same facts."""
