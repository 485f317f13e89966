"""Benchmarks: public protocols rerun side by side with other detectors, row by row into a table."""
