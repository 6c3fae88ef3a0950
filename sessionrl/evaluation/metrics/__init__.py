"""Metrics of rankings, one idea per file; each registers itself and is found by its name."""
