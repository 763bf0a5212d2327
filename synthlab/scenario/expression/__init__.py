"""What a scenario expects: an expression on measured numbers, which holds, does not hold, or has no data."""

from .catalogue import CLIENT, Known, Measure
from .expression import Expression, Outcome
from .samples import FRESH_S, SAMPLE_S, Recorded, Sample, Samples, Value

__all__ = [
    "CLIENT",
    "FRESH_S",
    "SAMPLE_S",
    "Expression",
    "Known",
    "Measure",
    "Outcome",
    "Recorded",
    "Sample",
    "Samples",
    "Value",
]
