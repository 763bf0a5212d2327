"""The conditions in the format of Synthetic Network, for existing scripts."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from ...conditions import Conditions
from .. import qos, qos_format
from ..answer_shapes import DONE, QOS
from ..change_relay import ChangeRelay
from ..control_client import ControlClient
from ..endpoint import TEXT, Content, Endpoint
from ..parameters import json_of

PATH = "/qos"
SPEC = Content(QOS)


class QosEndpoints:
    def __init__(self, control: ControlClient, changes: ChangeRelay) -> None:
        self._control = control
        self._changes = changes

    def table(self) -> tuple[Endpoint, ...]:
        summary = "conditions in force, in the format of Synthetic Network, or the nearest that it can express"
        return (
            Endpoint("GET", PATH, self.get, summary, answer=SPEC),
            Endpoint("POST", PATH, self.post, "change what differs from the answer of GET", SPEC, Content(DONE, TEXT)),
        )

    async def get(self, request: Request) -> Response:
        report = await self._control.ask("report")
        return JSONResponse(qos_format.written(Conditions.from_dict(report["conditions"])))

    async def post(self, request: Request) -> Response:
        spec = await json_of(request)
        await self._changes.edit(lambda conditions: qos.changed(conditions, spec), by="qos")
        return PlainTextResponse("OK")
