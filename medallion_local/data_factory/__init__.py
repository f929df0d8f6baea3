"""Data Factory on a laptop: executes the unchanged git-layout JSON under `adf/`."""
