"""The TURN server's container, where a stack has one: nobody but the lab reaches it, and it relays to nobody else."""

from __future__ import annotations

from ..contract import TURN_HOST
from ..engine import labels
from ..stack import Stack
from .services import Service, bounds, lab_labels


def turn_services(stack: Stack) -> list[Service]:
    """One container, or none."""
    turn = stack.turn
    if turn is None:
        return []
    marks = {labels.ROLE: "service", labels.CLIENT: TURN_HOST, labels.APP: turn.app}
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
