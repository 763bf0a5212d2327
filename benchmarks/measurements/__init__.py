"""The measurements, one per file."""

from .cost import Cost
from .cpu import Cpu
from .crowd import Crowd
from .delay import Delay
from .disturbed_delay import DisturbedDelay
from .flood import Flood
from .idle import Idle
from .measurement import InLab, Measurement
from .memory import Memory
from .rate import Rate
from .real_call import RealCall
from .roundtrip import RoundTrip
from .tcp import Tcp

__all__ = [
    "Cost",
    "Cpu",
    "Crowd",
    "Delay",
    "DisturbedDelay",
    "Flood",
    "Idle",
    "InLab",
    "Measurement",
    "Memory",
    "Rate",
    "RealCall",
    "RoundTrip",
    "Tcp",
]
