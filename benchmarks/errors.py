"""Errors of the benchmark; each message is one line."""

from __future__ import annotations


class CannotRun(Exception):
    """The machine lacks something the benchmark requires."""


class Failed(Exception):
    """A measurement produced no result."""
