"""The effects that a link can have, in the order in which a packet meets them."""

from .delay import Delay
from .element import Element, Popped
from .loss import Loss
from .rate import Rate

# The bottleneck comes first, then the path behind it. Adding an effect is one line here.
ELEMENTS: tuple[type[Element], ...] = (
    Rate,
    Loss,
    Delay,
)

__all__ = ["ELEMENTS", "Element", "Popped"]
