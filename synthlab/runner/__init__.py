"""Plays scenarios on labs: performs the actions on time, records measurements and decides the verdict."""

from .kept_lab import KeptLab
from .player import Player
from .session import RunOptions, evidence_beside, play, refused, relative_to, unplayed
from .watcher import Watcher

__all__ = [
    "KeptLab",
    "Player",
    "RunOptions",
    "Watcher",
    "evidence_beside",
    "play",
    "refused",
    "relative_to",
    "unplayed",
]
