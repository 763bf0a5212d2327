"""The schema of conditions, shared by host and container. Standard library only, because both import it."""

from .change import ConditionsChange
from .client import Conditions, Flow
from .depth import FULL_SIZE, longest_wait_ms
from .dns import (
    LOOKUP_ANSWERS,
    LOOKUP_EXAMPLE,
    LOOKUP_WORDS,
    LookupChange,
    LookupConditions,
    LookupValues,
    applying_to,
)
from .duration import parse_duration, write_duration
from .errors import ConditionsError, refuse_unknown
from .file_values import FileValue, KeyPath, file_values
from .flow import FlowMatch
from .flow_change import DIRECTIONS
from .link import LinkConditions, condition_fields
from .nat import CONES, NAT_KEYS, NAT_KINDS, Nat, NatKind
from .nearest import nearest, nearest_condition
from .roam import MOST_GAP_NS, OVERLAP_NS, ROAM_HOWS, RoamHow, RoamRequest
from .states import MOST_STATES, NetworkState, parse_states, refuse_unreachable
from .traces import MOST_LINES, FileContent, read_delay_trace, read_rate_trace
from .units import COUNT, FILE, QUEUE, RATE, SHARE, SWITCH, TIME, QueueLimit, Unit
from .uploads import MOST_BYTES, refuse_crowd, size_of
from .walk import Stay, first_stay, next_stay

__all__ = [
    "CONES",
    "COUNT",
    "DIRECTIONS",
    "FILE",
    "FULL_SIZE",
    "LOOKUP_ANSWERS",
    "LOOKUP_EXAMPLE",
    "LOOKUP_WORDS",
    "MOST_BYTES",
    "MOST_GAP_NS",
    "MOST_LINES",
    "MOST_STATES",
    "NAT_KEYS",
    "NAT_KINDS",
    "OVERLAP_NS",
    "QUEUE",
    "RATE",
    "ROAM_HOWS",
    "SHARE",
    "SWITCH",
    "TIME",
    "Conditions",
    "ConditionsChange",
    "ConditionsError",
    "FileContent",
    "FileValue",
    "Flow",
    "FlowMatch",
    "KeyPath",
    "LinkConditions",
    "LookupChange",
    "LookupConditions",
    "LookupValues",
    "Nat",
    "NatKind",
    "NetworkState",
    "QueueLimit",
    "RoamHow",
    "RoamRequest",
    "Stay",
    "Unit",
    "applying_to",
    "condition_fields",
    "file_values",
    "first_stay",
    "longest_wait_ms",
    "nearest",
    "nearest_condition",
    "next_stay",
    "parse_duration",
    "parse_states",
    "read_delay_trace",
    "read_rate_trace",
    "refuse_crowd",
    "refuse_unknown",
    "refuse_unreachable",
    "size_of",
    "write_duration",
]
