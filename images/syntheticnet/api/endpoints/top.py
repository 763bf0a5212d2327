"""The top talkers, for existing scripts."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from ...packets import top_talkers
from ..answer_shapes import PROFILE
from ..control_client import ControlClient
from ..endpoint import Content, Endpoint
from ..parameter_shapes import DIRECTION

BYTES = "application/octet-stream"


class TopEndpoint:
    def __init__(self, control: ControlClient) -> None:
        self._control = control

    def table(self) -> tuple[Endpoint, ...]:
        summary = "the top talkers of `ingress` or `egress`, in the format of Synthetic Network"
        return (
            Endpoint("GET", "/top/{direction}.profile", self.get, summary, None, Content(PROFILE, BYTES), (DIRECTION,)),
        )

    async def get(self, request: Request) -> Response:
        direction = request.path_params["direction"]
        if direction not in ("ingress", "egress"):
            raise HTTPException(404, f"no such profile: {direction}; expected ingress or egress")
        rows = (await self._control.ask("top", direction=direction))["rows"]
        return Response(top_talkers.profile(rows), media_type=BYTES)
