"""Progress of a long operation, as lines for people."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[str], None]
"""Takes one line for each stage of a long operation."""
