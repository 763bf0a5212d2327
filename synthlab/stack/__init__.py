"""Stacks: descriptions of labs, their media server and clients, read from stack files."""

from .model import (
    ExternalSfu,
    Ip,
    Measured,
    Media,
    Ports,
    Sfu,
    Stack,
    StackClient,
    StackNetwork,
    StackProbe,
    StackRouter,
    StackService,
    SwarmOptions,
    Turn,
)
from .reader import find_stack_file, read_stack, stack_files

__all__ = [
    "ExternalSfu",
    "Ip",
    "Measured",
    "Media",
    "Ports",
    "Sfu",
    "Stack",
    "StackClient",
    "StackNetwork",
    "StackProbe",
    "StackRouter",
    "StackService",
    "SwarmOptions",
    "Turn",
    "find_stack_file",
    "read_stack",
    "stack_files",
]
