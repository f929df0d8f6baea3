"""Benchmarks: builds at scale, backfills, overhead, a profile, and what change capture saves."""
