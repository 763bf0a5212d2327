"""A stack: a described lab, its media server and its clients, as read from a stack file."""

from .model import SFU_HOST, Client, ExternalSfu, Ip, Media, Ports, Sfu, Stack
from .reader import find_stack_file, read_stack

__all__ = ["SFU_HOST", "Client", "ExternalSfu", "Ip", "Media", "Ports", "Sfu", "Stack", "find_stack_file", "read_stack"]
