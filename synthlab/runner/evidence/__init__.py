"""Evidence kept of a failed run: packets, logs, conditions, stats and screenshots."""

from .evidence import Evidence

__all__ = ["Evidence"]
