"""Expressions over measured numbers; at a given time one holds, does not hold, or has no data."""

from .catalogue import CLIENT, MEASURED, METRICS, TRAFFIC, Known, Measure
from .comparisons import Compared, Reading
from .expression import Expression, Outcome, value_text
from .fairness import jain
from .samples import LINKS, NEVER_NS, RATE_NS, SAMPLE_NS, Recorded, Sample, Samples, Value, source_of
from .tree import SeenValue

__all__ = [
    "CLIENT",
    "LINKS",
    "MEASURED",
    "METRICS",
    "NEVER_NS",
    "RATE_NS",
    "SAMPLE_NS",
    "TRAFFIC",
    "Compared",
    "Expression",
    "Known",
    "Measure",
    "Outcome",
    "Reading",
    "Recorded",
    "Sample",
    "Samples",
    "SeenValue",
    "Value",
    "jain",
    "source_of",
    "value_text",
]
