"""The TURN server's container: reachable only from the lab, and relays only within it."""

from __future__ import annotations

from ..contract import TURN_HOST
from ..engine import labels
from ..stack import Stack
from .services import Service, bounds, lab_labels


def turn_services(stack: Stack) -> list[Service]:
    """One container, or none if the stack has no TURN server."""
    turn = stack.turn
    if turn is None:
        return []
    marks = {labels.ROLE: "turn", labels.CLIENT: TURN_HOST, labels.APP: turn.app}
    return [
        Service(
            name=TURN_HOST,
            image=turn.image,
            hostname=TURN_HOST,
            init=True,
            labels=lab_labels(stack) | marks,
            environment={**bounds(stack), "SYNTHLAB_TURN_USER": f"{turn.user}:{turn.password}"},
        )
    ]
