"""Leases and scheduled changes: list, extend, end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from ...channel import WORK_SECONDS
from ...conditions import ConditionsError, refuse_unknown
from ...conditions.errors import shortened
from ..answer_shapes import LEASES, STATE
from ..control_client import ControlClient
from ..endpoint import Content, Endpoint
from ..parameter_shapes import BY, ENTRY_ID, RENEWAL
from ..parameters import by_of, duration_of
from ..state_answer import StateAnswer

ALL, ONE = "/v1/leases", "/v1/leases/{id}"
LISTED = Content(LEASES)


class LeasesEndpoints:
    def __init__(self, control: ControlClient, state: StateAnswer) -> None:
        self._control = control
        self._state = state

    def table(self) -> tuple[Endpoint, ...]:
        return (
            Endpoint("GET", ALL, self.list, "leases and scheduled changes", answer=LISTED),
            Endpoint(
                "PUT", ONE, self.put, "extend a lease to `?for=10s` from now", None, LISTED, (ENTRY_ID, RENEWAL, BY)
            ),
            Endpoint(
                "DELETE",
                ONE,
                self.delete,
                "end a lease, or cancel a scheduled change",
                None,
                Content(STATE),
                (ENTRY_ID,),
            ),
        )

    async def list(self, request: Request) -> Response:
        return JSONResponse(_listed(await self._control.ask("report")))

    async def put(self, request: Request) -> Response:
        """Extend a lease to `?for=10s` from now."""
        refuse_unknown(request.query_params, ("for", "by"), "parameter")
        by_of(request.query_params)
        lease_ns = duration_of(request.query_params, "for")
        if lease_ns is None:
            raise ConditionsError("is missing: give a duration such as ?for=10s", "for")
        return JSONResponse(_listed(await self._ask(request, "renew", lease_ns=lease_ns)))

    async def delete(self, request: Request) -> Response:
        """End a lease, or cancel a scheduled change."""
        refuse_unknown(request.query_params, ("by",), "parameter")
        by = by_of(request.query_params)
        return JSONResponse(self._state.of(await self._ask(request, "release", by=by)))

    async def _ask(self, request: Request, op: str, **arguments: Any) -> dict[str, Any]:
        id_text = request.path_params["id"]
        report = await self._control.ask("report")
        # Compared as text: int() also reads digits of other scripts, and fails on thousands of them.
        ids = {str(entry["id"]): entry["id"] for entry in (*report["leases"], *report["scheduled"])}
        if id_text not in ids:
            listed = ", ".join(ids) or "none"
            raise HTTPException(404, f"no lease or scheduled change {shortened(id_text)}; there are: {listed}")
        return await self._control.ask(op, WORK_SECONDS, lease=ids[id_text], **arguments)


def _listed(report: Mapping[str, Any]) -> dict[str, Any]:
    return {key: report[key] for key in ("monotonic_ns", "leases", "scheduled", "failed")}
