"""A stack: a described lab, its media server and its clients, as read from a stack file."""

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
