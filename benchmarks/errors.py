"""What can go wrong; each reads as one line."""

from __future__ import annotations


class CannotRun(Exception):
    """This machine lacks something that the benchmark needs."""


class Failed(Exception):
    """One measurement has no result."""
