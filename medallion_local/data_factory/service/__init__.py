"""Data Factory's management API on the loopback, which runs the pipelines in the local engine."""
