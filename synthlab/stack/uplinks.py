"""Who sees whose address in a lab with routers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from ..errors import WrongUse

Uplinks = Mapping[str, str | None]
"""The router that each client and router is behind; None, as for all others: it is in the lab's network."""


def ends_that_see(a: str, b: str, conditioned: Iterable[str], uplinks: Uplinks) -> list[str]:
    """Those of two ends of a partition that have conditions, and see the other by its own address.

    Raises WrongUse if routers hide the other end from each of those with conditions.
    """
    own = list(conditioned)
    seeing = [end for end, other in ((a, b), (b, a)) if end in own and sees(end, other, uplinks)]
    if own and not seeing:
        hidden = b if a in own else a
        router = uplinks.get(hidden)
        raise WrongUse(
            f"{hidden} is behind the router {router}, and {a if hidden == b else b} does not see past it: partition "
            f"{router}, or set an outage of {hidden}"
        )
    return seeing


def refuse_hidden(sender: str, receiver: str, uplinks: Uplinks) -> None:
    """Raise WrongUse if `sender` has no address of `receiver` to send to: it would look as if all packets were lost."""
    if not sees(sender, receiver, uplinks):
        router = uplinks[receiver]
        raise WrongUse(
            f"{receiver} is behind the router {router}, and {sender} does not see past it: nothing would arrive; send "
            f"from {receiver} to {sender} instead"
        )


def sees(end: str, other: str, uplinks: Uplinks) -> bool:
    """Whether `end` sends to the address that `other` has itself: it is in the same network, or on the way up."""
    return uplinks.get(other) in (uplinks.get(end), *_above(end, uplinks))


def _above(end: str, uplinks: Uplinks) -> Iterator[str | None]:
    """The networks above that of `end`, by their routers; the lab's own is the last."""
    router = uplinks.get(end)
    while router is not None:
        router = uplinks.get(router)
        yield router
