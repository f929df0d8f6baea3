"""An emulator of GitHub's raw files: serves the reference files over HTTP, with ETags."""
