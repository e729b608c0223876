"""Benchmarks: each prints its yardstick from the same run. See `make bench`."""
