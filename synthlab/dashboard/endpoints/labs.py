"""Labs, and the tasks that bring them up and take them down."""

from __future__ import annotations

import os
import time
from typing import Any

from ...control.container_lookup import cut_off
from ...deploy.claim import volumes_of_lab
from ...deploy.engine_choice import on_engine
from ...engine.factory import ENGINES
from ...engine.ttl import SHORTEST_TTL_NS
from ...errors import WrongUse
from ...stack import read_stack
from ...stack.durations import read_duration
from ...stack.fields import check_name
from ...text.durations import seconds_of
from .. import schemas
from ..endpoint import LabEndpoint, LabRequest
from ..failures import InTheWay, NotThere
from ..feeds import is_near
from ..files import refuse_strange_stack
from ..participants import lab_data, labs_data

TASK = schemas.fields(
    ("id", "kind", "state", "lab", "lines"),
    id=schemas.text("its id"),
    kind=schemas.word("what it does", "up", "down"),
    state=schemas.word("how far it is", "running", "done", "failed"),
    lab=schemas.text("the lab"),
    lines=schemas.array(schemas.text("a line"), "its progress"),
    error=schemas.text("why it failed, in one line"),
    details=schemas.array(schemas.text("a line"), "more on the error, such as the end of a log"),
    status=schemas.whole("the exit status that the command would have", 0, 3),
)
BEGUN = schemas.fields(("task",), task=schemas.text("the id of the task"))
LAB = schemas.fields(
    ("name", "state", "participants", "since"),
    name=schemas.text("its name"),
    state=schemas.word("its state", "up", "starting", "broken", "stopped", "expired", "left over"),
    participants=schemas.whole("how many", 0, 10_000),
    since=schemas.optional(schemas.text("when its first container was created (ISO 8601)")),
)
PARTICIPANT = schemas.fields(
    ("name", "role", "state", "health", "conditioned", "screen", "debugger"),
    name=schemas.text("its name"),
    role=schemas.word("what it is", "client", "router", "sfu", "turn", "service"),
    group=schemas.text("the group that it belongs to"),
    app=schemas.text("its application"),
    state=schemas.text("of its container: running, paused, exited, ..."),
    health=schemas.text("healthy, unhealthy, starting; empty without a health check"),
    conditioned=schemas.flag("whether its network can be changed"),
    why_not=schemas.text("why it cannot"),
    no_numbers=schemas.text("why the lab has no numbers of WebRTC of it"),
    screen=schemas.flag("whether it has a screen (VNC)"),
    debugger=schemas.flag("whether it has a debugger (DevTools)"),
    cut_off=schemas.flag("its companion has ended, so it has no network: a restart restores both"),
    page=schemas.text("the address of its control page"),
    address=schemas.text("its IP address in the lab"),
)
LAB_DETAILS = schemas.fields(
    ("name", "participants", "running", "outside"),
    name=schemas.text("its name"),
    participants=schemas.array(PARTICIPANT, "its clients and servers"),
    running=schemas.optional(schemas.text("the id of the scenario's run that is going on")),
    outside=schemas.optional(schemas.text("how people from outside take part, whose network is not conditioned")),
)
UP = schemas.fields(
    ("stack",),
    stack=schemas.text("a stack file below the server's folder, or a bundled name", "call.yaml", most=1000),
    name=schemas.text("the lab's name; the stack's by default", "mine", most=200),
    ttl=schemas.text("when the lab stops by itself", "2h", most=40),
    replace=schemas.flag("remove a lab of this name first"),
    variables=schemas.by_name(schemas.text("a value"), "values of ${VARIABLES} in the stack"),
    keep=schemas.flag("leave the lab up when the server ends"),
    discard=schemas.flag("when it is taken down here, remove the volumes that it made"),
    allow_host=schemas.flag("let a file that is not your own act with your rights"),
    engine=schemas.word("where it runs: this machine, or the nodes of a swarm", *ENGINES),
    registry=schemas.text("where the nodes of a swarm get the images", "10.0.0.1:5000", most=300),
)
DOWN = schemas.fields((), volumes=schemas.flag("remove the named volumes of its Compose project, too"))
VOLUMES = schemas.fields(("volumes",), volumes=schemas.array(schemas.text("a volume"), "by name"))


def list_labs(request: LabRequest) -> Any:
    """The labs of the engine."""
    dashboard = request.dashboard
    engine = dashboard.backend.engine
    starting = {*engine.locks(), *dashboard.tasks.starting()}
    return {"labs": labs_data(engine.labs(), starting, engine.containers(), time.time())}


def bring_up(request: LabRequest) -> Any:
    """Bring a stack up; its task shows the progress."""
    body, dashboard = request.body, request.dashboard
    ttl_ns = read_duration("ttl", body["ttl"], SHORTEST_TTL_NS) if "ttl" in body else None
    surroundings = {**os.environ, **body.get("variables", {})}
    if "name" in body:
        _check_name(body["name"])
    compose = dashboard.backend.engine.compose_config
    described = read_stack(dashboard.folder.checked(body["stack"]), body.get("name"), surroundings, compose)
    stack = on_engine(described, body.get("engine"), body.get("registry"))
    if not body.get("allow_host", False):
        refuse_strange_stack(stack)
    ttl_s = None if ttl_ns is None else seconds_of(ttl_ns)
    flags = (body.get(flag, False) for flag in ("replace", "keep", "discard"))
    task = dashboard.tasks.up(stack, ttl_s, *flags)
    return {"task": task.id}


def _check_name(name: str) -> None:
    try:
        check_name(name)
    except ValueError as error:
        raise WrongUse(f"name: {error}") from None


def get_lab(request: LabRequest) -> Any:
    """A lab's participants."""
    lab = request.lab()
    lost = cut_off(lab.members, lab.backend.engine.started_at)
    return lab_data(lab.name, lab.members, is_near(lab), request.dashboard.runs.running(lab.name), lost)


def take_down(request: LabRequest) -> Any:
    """Take a lab down, also one that is just being brought up."""
    name, dashboard = request.path["lab"], request.dashboard
    engine = dashboard.backend.engine
    if name not in {*engine.labs(), *engine.locks()}:
        raise NotThere(f"no lab '{name}'")
    if run := dashboard.runs.running(name):
        raise InTheWay(f"a scenario is running in lab '{name}': stop run {run} first")
    return {"task": dashboard.tasks.down(name, request.body.get("volumes", False)).id}


def list_volumes(request: LabRequest) -> Any:
    """The named volumes of a lab's Compose project."""
    lab = request.lab()
    return {"volumes": sorted(volumes_of_lab(lab.name, request.dashboard.backend.engine))}


def get_task(request: LabRequest) -> Any:
    """A task's state and progress."""
    return request.dashboard.tasks.get(request.path["id"]).to_dict()


def cancel_task(request: LabRequest) -> Any:
    """Cancel a task; an `up` leaves nothing behind."""
    return request.dashboard.tasks.cancel(request.path["id"]).to_dict()


TABLE = (
    LabEndpoint(
        method="GET",
        path="/v1/labs",
        handler=list_labs,
        answer=schemas.fields(("labs",), labs=schemas.array(LAB, "by name")),
    ),
    LabEndpoint(
        method="POST", path="/v1/labs", handler=bring_up, body=UP, answer=BEGUN, status=202, failures=(403, 409)
    ),
    LabEndpoint(method="GET", path="/v1/labs/{lab}", handler=get_lab, answer=LAB_DETAILS),
    LabEndpoint(
        method="DELETE", path="/v1/labs/{lab}", handler=take_down, body=DOWN, answer=BEGUN, status=202, failures=(409,)
    ),
    LabEndpoint(method="GET", path="/v1/labs/{lab}/volumes", handler=list_volumes, answer=VOLUMES),
    LabEndpoint(method="GET", path="/v1/tasks/{id}", handler=get_task, answer=TASK),
    LabEndpoint(method="DELETE", path="/v1/tasks/{id}", handler=cancel_task, answer=TASK),
)
