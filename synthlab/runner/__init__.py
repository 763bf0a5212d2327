"""Plays scenarios on labs: what is done when, what is measured meanwhile, and what came of it."""

from .player import Player
from .session import RunOptions, evidence_beside, play, refused, relative_to
from .watcher import Watcher

__all__ = ["Player", "RunOptions", "Watcher", "evidence_beside", "play", "refused", "relative_to"]
