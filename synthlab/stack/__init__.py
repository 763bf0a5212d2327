"""A stack: a described lab, its media server and its clients, as read from a stack file."""

from .model import Client, ExternalSfu, Media, Ports, Sfu, Stack
from .reader import find_stack_file, read_stack

__all__ = ["Client", "ExternalSfu", "Media", "Ports", "Sfu", "Stack", "find_stack_file", "read_stack"]
