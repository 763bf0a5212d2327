"""Stacks: descriptions of labs, their media server and clients, read from stack files."""

from .model import Client, ExternalSfu, Ip, Media, Network, Ports, Sfu, Stack, Turn
from .reader import find_stack_file, read_stack

__all__ = [
    "Client",
    "ExternalSfu",
    "Ip",
    "Media",
    "Network",
    "Ports",
    "Sfu",
    "Stack",
    "Turn",
    "find_stack_file",
    "read_stack",
]
