"""Data Factory on a laptop: executes the git-layout JSON under `adf/` exactly as it stands."""
