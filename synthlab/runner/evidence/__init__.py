"""Evidence kept of a failed run: packets, logs, conditions, numbers and screenshots."""

from .evidence import Evidence

__all__ = ["Evidence"]
