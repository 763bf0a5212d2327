"""What the forwarder costs, beside a kernel bridge on the same path, judged by goals: `python -m benchmarks`."""
