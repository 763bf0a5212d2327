"""Draws a stack: who is behind which router, and what is configured of each link."""

from .picture import topology_svg

__all__ = ["topology_svg"]
