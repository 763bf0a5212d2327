"""Who sees whose address in a lab with routers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from ..errors import WrongUse

Uplinks = Mapping[str, str | None]
"""The router that each client and router is behind; None, as for all others: it is in the lab's network."""


def ends_that_see(a: str, b: str, conditioned: Iterable[str], uplinks: Uplinks) -> list[str]:
    """Those of two ends of a partition that have conditions, and see the other by its own address.

    Raises WrongUse if a router hides each from the other, or its hidden end from the only one with conditions.
    """
    own = list(conditioned)
    seeing = [end for end, other in ((a, b), (b, a)) if end in own and sees(end, other, uplinks)]
    if own and not seeing:
        hidden = b if a in own else a
        router = uplinks.get(hidden)
        raise WrongUse(
            f"partition: {hidden} is behind the router {router}, so {a} and {b} see each other by the addresses of "
            f"routers: partition {router}, or set an outage of {hidden}"
        )
    return seeing


def sees(end: str, other: str, uplinks: Uplinks) -> bool:
    """Whether `end` sends to the address that `other` has itself: it is in the same network, or on the way up."""
    return uplinks.get(other) in (uplinks.get(end), *_above(end, uplinks))


def _above(end: str, uplinks: Uplinks) -> Iterator[str | None]:
    """The networks above that of `end`, by their routers; the lab's own is the last."""
    router = uplinks.get(end)
    while router is not None:
        router = uplinks.get(router)
        yield router
