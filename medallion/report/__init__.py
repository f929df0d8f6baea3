"""The report: one HTML page about a build, its history, and the marts."""
