"""Single clients, and what is measured: states, stats, expectations, logs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any, cast

from ...contract import ContainerAction
from ...control.container_actions import to_act_on
from ...control.container_lookup import find_members
from ...control.logs import LogLine, read_lines
from ...control.page_console import console_lines
from ...engine.containers import LogQuery
from ...errors import WrongUse
from ...lab.expectations import Expectations, known_of
from .. import schemas
from ..endpoint import LabEndpoint, LabRequest
from ..failures import InTheWay, NotThere
from .parts import STATE

MOST_LINES = 1000
ACTIONS = ("pause", "unpause", "stop", "start", "restart")

LINES = schemas.fields(
    ("lines",),
    lines=schemas.array(
        schemas.fields(
            ("time", "writer", "text"),
            time=schemas.text("in UTC (RFC 3339)"),
            writer=schemas.text("the container"),
            text=schemas.text("the line", most=1_000_000),
        ),
        f"by time; the last {MOST_LINES} of each container",
    ),
)
READING = schemas.fields(
    ("value", "holds", "reason", "seen"),
    value=schemas.optional(schemas.number("the number that the expression is about, if it is one")),
    holds=schemas.flag("whether it holds"),
    reason=schemas.text("in one line"),
    seen=schemas.by_name({}, "every number of the expression; null for no data"),
)
WHICH = {
    "client": schemas.text("only this client or group", "client1", most=200),
    "after": schemas.text("only lines after this time", "2026-01-01T00:00:00Z", most=40),
}


def get_state(request: LabRequest) -> Any:
    """The state of a client's network, as it reports it."""
    lab = request.lab()
    try:
        client = lab.one(request.path["client"])
    except WrongUse as error:
        raise NotThere(error.message) from None
    return client.api.state().answer


def control(action: ContainerAction) -> Any:
    """The handler of one action."""

    def act(request: LabRequest) -> Any:
        lab = request.lab()
        container = request.container(lab)
        try:
            to_act_on([container], action)
        except WrongUse as error:
            raise InTheWay(error.message) from None
        lab.control([container.title], action)
        request.dashboard.feeds.look_soon(lab.name)
        after = request.container(lab)
        return {"name": after.title, "state": after.state, "health": after.health}

    act.__doc__ = f"{action.capitalize()} a client's or server's container{_WAITS.get(action, '')}."
    return act


def get_stats(request: LabRequest) -> Any:
    """The WebRTC statistics of all clients, without outdated values."""
    lab = request.lab()
    return {name: stats.to_dict() for name, stats in lab.stats(lab.callers()).items()}


def expect(request: LabRequest) -> Any:
    """One reading of an expectation; of a mean over a second, after one second."""
    lab = request.lab()
    expectations = Expectations(lab, known_of(lab))
    try:
        result = expectations.reading(request.query["expr"])
    finally:
        expectations.close()
    values = list(result.seen.values())
    single = values[0] if len(values) == 1 and isinstance(values[0], int | float) else None
    return {"value": single, "holds": result.held, "reason": result.reason, "seen": dict(result.seen)}


def get_logs(request: LabRequest) -> Any:
    """The logs of the containers."""
    lab = request.lab()
    wanted = find_members(lab.name, lab.members, _named(request))
    return _after(request, read_lines(lab.backend.engine, wanted, LogQuery(tail=MOST_LINES)))


def get_console(request: LabRequest) -> Any:
    """The console of the browsers' pages."""
    lab = request.lab()
    wanted = [client for client in lab.find(_named(request)) if not client.server]
    return _after(request, console_lines({client.name: client.api for client in wanted}, LogQuery(tail=MOST_LINES)))


def _named(request: LabRequest) -> list[str]:
    return [request.query["client"]] if "client" in request.query else []


def _after(request: LabRequest, lines: Iterable[LogLine]) -> Any:
    after = request.query.get("after", "")
    return {"lines": [asdict(line) for line in lines if line.time > after]}


_WAITS = {"start": " and wait until it is healthy", "restart": " and wait until it is healthy"}
ONE = "/v1/labs/{lab}/clients/{client}"
CONTROLLED = schemas.fields(
    ("name", "state", "health"),
    name=schemas.text("the container"),
    state=schemas.text("its state now"),
    health=schemas.text("its health now"),
)
TABLE = (
    LabEndpoint(method="GET", path=ONE, handler=get_state, answer=STATE),
    *(
        LabEndpoint(
            method="POST",
            path=f"{ONE}/{action}",
            handler=control(cast("ContainerAction", action)),
            answer=CONTROLLED,
            failures=(409,),
        )
        for action in ACTIONS
    ),
    LabEndpoint(
        method="GET",
        path="/v1/labs/{lab}/stats",
        handler=get_stats,
        answer=schemas.by_name(schemas.free("its statistics"), "by client"),
    ),
    LabEndpoint(
        method="GET",
        path="/v1/labs/{lab}/expect",
        handler=expect,
        answer=READING,
        needs=("expr",),
        query={"expr": schemas.text("an expression", "client1.video.client2.fps > 10", most=1000)},
    ),
    LabEndpoint(method="GET", path="/v1/labs/{lab}/logs", handler=get_logs, answer=LINES, query=WHICH),
    LabEndpoint(method="GET", path="/v1/labs/{lab}/console", handler=get_console, answer=LINES, query=WHICH),
)
