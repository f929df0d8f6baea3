"""Data Factory's management API on the loopback, which runs the pipelines by the local engine."""
