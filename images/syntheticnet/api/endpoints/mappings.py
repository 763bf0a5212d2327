"""The mappings of a router's NAT: drop them all."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from ...channel import WORK_SECONDS
from ...conditions import refuse_unknown
from ..answer_shapes import STATE
from ..control_client import ControlClient
from ..endpoint import Content, Endpoint
from ..parameter_shapes import BY
from ..parameters import by_of
from ..state_answer import StateAnswer

PATH = "/v1/mappings"


class MappingsEndpoint:
    def __init__(self, control: ControlClient, state: StateAnswer) -> None:
        self._control = control
        self._state = state

    def table(self) -> tuple[Endpoint, ...]:
        what = "drop all mappings of a router's NAT"
        return (Endpoint("DELETE", PATH, self.delete, what, None, Content(STATE), (BY,)),)

    async def delete(self, request: Request) -> Response:
        refuse_unknown(request.query_params, ("by",), "parameter")
        by_of(request.query_params)
        await self._control.ask("drop_mappings", WORK_SECONDS)
        return JSONResponse(self._state.of(await self._control.ask("report")))
