"""What is kept of a lab when something has gone wrong: packets, logs, conditions, stats and pictures."""

from .evidence import Evidence

__all__ = ["Evidence"]
