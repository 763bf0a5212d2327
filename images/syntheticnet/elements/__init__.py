"""The effects of a link, in the order a packet passes them."""

from .burst_loss import BurstLoss
from .corrupt import Corrupt
from .delay import Delay
from .delay_trace import DelayTrace
from .duplicate import Duplicate
from .element import Element, ElementContext, Instant, Popped
from .hold import Hold
from .indexed_loss import IndexedLoss
from .loss import Loss
from .mtu import Mtu
from .outage import Outage
from .rate import Rate
from .rate_trace import RateTrace
from .reject import Reject
from .reorder import Reorder
from .slot import Slot
from .state_loss import StateLoss

# The bottleneck comes first, then the path behind it. Adding an effect is one line here.
ELEMENTS: tuple[type[Element], ...] = (
    Reject,
    Mtu,
    Rate,
    RateTrace,
    Outage,
    Loss,
    BurstLoss,
    StateLoss,
    IndexedLoss,
    Corrupt,
    Duplicate,
    Delay,
    DelayTrace,
    Hold,
    Reorder,
    Slot,
)

ANSWERING: frozenset[type[Element]] = frozenset({Reject, Mtu})
"""Effects that answer a packet's sender."""

QUEUEING: frozenset[type[Element]] = frozenset({Rate, RateTrace})
"""Bottlenecks, in whose queue packets wait."""

__all__ = ["ANSWERING", "ELEMENTS", "QUEUEING", "Element", "ElementContext", "Instant", "Popped"]
