"""The schema of conditions, shared by host and container. Standard library only, because both import it."""

from .change import DIRECTIONS, ConditionsChange
from .client import Conditions, Flow
from .depth import longest_wait_ms
from .duration import parse_duration, write_duration
from .errors import ConditionsError, refuse_unknown
from .file_values import FileValue, KeyPath, file_values
from .flow import FlowMatch
from .link import LinkConditions, condition_fields
from .nearest import nearest, nearest_condition
from .units import FILE, QUEUE, RATE, SHARE, SWITCH, TIME, QueueLimit, Unit
from .uploads import MOST_BYTES, refuse_crowd, size_of

__all__ = [
    "DIRECTIONS",
    "FILE",
    "MOST_BYTES",
    "QUEUE",
    "RATE",
    "SHARE",
    "SWITCH",
    "TIME",
    "Conditions",
    "ConditionsChange",
    "ConditionsError",
    "FileValue",
    "Flow",
    "FlowMatch",
    "KeyPath",
    "LinkConditions",
    "QueueLimit",
    "Unit",
    "condition_fields",
    "file_values",
    "longest_wait_ms",
    "nearest",
    "nearest_condition",
    "parse_duration",
    "refuse_crowd",
    "refuse_unknown",
    "size_of",
    "write_duration",
]
