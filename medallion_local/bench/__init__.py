"""Benchmarks: seconds and memory, and the rows and bytes that change data capture saves."""
