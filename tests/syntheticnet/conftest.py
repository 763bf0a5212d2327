"""Settings that all tests here share."""

from __future__ import annotations

from hypothesis import settings

# The same examples on every run, and no deadline: machines that run tests are busy.
settings.register_profile("syntheticnet", derandomize=True, deadline=None, max_examples=50)
settings.load_profile("syntheticnet")
