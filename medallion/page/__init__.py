"""Pages for people: one HTML file each, with its styles, script and charts, that loads nothing."""
