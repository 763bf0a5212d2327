"""Measures the forwarder's cost against a kernel bridge on the same path, with goals: `python -m benchmarks`."""
