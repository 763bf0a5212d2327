"""The measurements, one per file."""

from .cost import Cost
from .cpu import Cpu
from .delay import Delay
from .flood import Flood
from .idle import Idle
from .measurement import Measurement
from .memory import Memory
from .rate import Rate
from .roundtrip import RoundTrip
from .tcp import Tcp

__all__ = ["Cost", "Cpu", "Delay", "Flood", "Idle", "Measurement", "Memory", "Rate", "RoundTrip", "Tcp"]
