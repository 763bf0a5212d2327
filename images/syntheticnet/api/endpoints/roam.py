"""Roaming: a client changes its network, or its address there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from ...channel import WORK_SECONDS
from ...conditions import MOST_GAP_NS, OVERLAP_NS, ConditionsError, parse_duration, refuse_unknown
from ..answer_shapes import STATE
from ..control_client import ControlClient
from ..endpoint import Content, Endpoint
from ..parameter_shapes import BY
from ..parameters import by_of, json_of
from ..shape import flag, one_of, record, text
from ..state_answer import StateAnswer

PATH = "/v1/roam"
ROAM = record(
    {},
    {
        "to": text("lte", description="one of the client's uplinks"),
        "new_address": flag(False),
        "how": one_of("jump", "step"),
        "gap": text("3s", description="jump: time without a network; step: time with both, 1 s by default"),
    },
).with_example({"to": "lte", "how": "jump", "gap": "3s"})


class RoamEndpoint:
    def __init__(self, control: ControlClient, state: StateAnswer) -> None:
        self._control = control
        self._state = state

    def table(self) -> tuple[Endpoint, ...]:
        what = "go to another uplink, or to another address; what takes time goes on after the answer"
        return (Endpoint("POST", PATH, self.post, what, Content(ROAM), Content(STATE), (BY,)),)

    async def post(self, request: Request) -> Response:
        refuse_unknown(request.query_params, ("by",), "parameter")
        asked = _asked(await json_of(request))
        by = by_of(request.query_params)
        return JSONResponse(self._state.of(await self._control.ask("roam", WORK_SECONDS, **asked, by=by)))


def _asked(body: object) -> dict[str, Any]:
    """The request in the forwarder's terms; raises ConditionsError."""
    if not isinstance(body, dict):
        raise ConditionsError('is not an object such as {"to": "lte"}', "roam")
    refuse_unknown(body, ("to", "new_address", "how", "gap"), "key")
    to, anew, how = body.get("to"), body.get("new_address", False), body.get("how", "jump")
    if not isinstance(anew, bool):
        raise ConditionsError(f"{anew!r} is not true or false", "new_address")
    if to is not None and not isinstance(to, str):
        raise ConditionsError(f"{to!r} is not the name of an uplink", "to")
    if anew == (to is not None):
        raise ConditionsError("give one of `to` and `new_address`", "roam")
    if how not in ("jump", "step"):
        raise ConditionsError(f"{how!r} is not one of jump, step", "how")
    if anew and how == "step":
        raise ConditionsError("the old address goes before the new one comes: jump only", "how")
    return {"to": to, "how": how, "gap_ns": _gap_of(body, how)}


def _gap_of(body: Mapping[str, Any], how: str) -> int:
    if "gap" not in body:
        return OVERLAP_NS if how == "step" else 0
    try:
        gap_ns = parse_duration(body["gap"])
    except ConditionsError as error:
        raise error.under("gap") from None
    if gap_ns > MOST_GAP_NS:
        raise ConditionsError(f"{body['gap']!r} is longer than a minute", "gap")
    return gap_ns
