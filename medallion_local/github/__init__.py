"""GitHub on a laptop: serves the reference files over HTTP, with their ETags."""
