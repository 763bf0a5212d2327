"""What is kept of a lab when something has gone wrong: packets, logs, conditions, numbers and pictures."""

from .evidence import Evidence

__all__ = ["Evidence"]
