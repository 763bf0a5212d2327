"""The HTTP API of a client: `/v1/...`, and `/qos` and `/top` for existing scripts. Runs in a separate process."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import Field, dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from ..allow import Admitted, Allow
from ..channel import ControlClient, RequestRefused, Unanswered
from ..chunked_json import chunks, whole
from ..conditions import MOST_BYTES, Conditions, ConditionsError, condition_fields, refuse_unknown
from ..conditions.errors import shortened
from ..conditions.hosts import named_hosts
from ..heartbeat import Pulse
from ..packets import top_talkers
from ..version import VERSION
from . import qos, qos_format
from .access import AccessCheck
from .access_middleware import AccessMiddleware
from .app_stats import AppStats, InvalidStats
from .page_console import BadEntries, PageConsole
from .parameters import duration_of, json_of, options_of, text_of
from .server import serve
from .static_pages import Pages

WORK_SECONDS = 4.0  # a thousand flows or a long trace keep the forwarder busy for a moment
LOOKUP_SECONDS = 3.0
MOST_ERROR = 2000
"""Longer error messages are cut, as they may quote the request."""
STARVED = "the forwarder does not answer: this machine is too slow and gives it no CPU time"
PAGES = Pages(Path(__file__).parents[1] / "web")
_ANY: Mapping[str, Any] = {"allow_methods": ["*"], "allow_headers": ["*"]}


@dataclass(frozen=True)
class Identity:
    """The client's name, its lab and startup conditions; `container` is the container's id in the engine."""

    name: str
    lab: str
    startup: Conditions
    container: str = ""


class ControlApi:
    """The endpoints. Changes of conditions run one at a time; each is applied completely or not at all."""

    def __init__(self, control: ControlClient, identity: Identity) -> None:
        self._control = control
        self._identity = identity
        self._startup = identity.startup.to_dict()
        self._stats = AppStats()
        self._console = PageConsole()
        self._changing = asyncio.Lock()

    def routes(self) -> list[Route]:
        return [
            Route("/", lambda request: RedirectResponse("/ui/")),
            Route("/control.html", lambda request: RedirectResponse("/ui/")),
            Route("/ui/{path:path}", PAGES.get),
            Route("/qos", self.get_qos, methods=["GET"]),
            Route("/qos", self.post_qos, methods=["POST"]),
            Route("/top/{direction}.profile", self.get_top),
            Route("/v1/health", self.get_health),
            Route("/v1/schema", self.get_schema),
            Route("/v1/clock", self.get_clock),
            Route("/v1/state", self.get_state),
            Route("/v1/conditions", self.get_conditions, methods=["GET"]),
            Route("/v1/conditions", self.patch_conditions, methods=["PATCH"]),
            Route("/v1/conditions", self.put_conditions, methods=["PUT"]),
            Route("/v1/conditions", self.delete_conditions, methods=["DELETE"]),
            Route("/v1/leases", self.get_leases, methods=["GET"]),
            Route("/v1/leases/{id}", self.put_lease, methods=["PUT"]),
            Route("/v1/leases/{id}", self.delete_lease, methods=["DELETE"]),
            Route("/v1/files", self.get_files, methods=["GET"]),
            Route("/v1/files/{name}", self.get_file, methods=["GET"]),
            Route("/v1/files/{name}", self.put_file, methods=["PUT"]),
            Route("/v1/files/{name}", self.delete_file, methods=["DELETE"]),
            Route("/v1/stats", self.get_stats, methods=["GET"]),
            Route("/v1/stats", self.post_stats, methods=["POST"]),
            Route("/v1/console", self.get_console, methods=["GET"]),
            Route("/v1/console", self.post_console, methods=["POST"]),
        ]

    async def get_health(self, request: Request) -> Response:
        await self._control.ask("report")
        return JSONResponse({"healthy": True})

    async def get_schema(self, request: Request) -> Response:
        return JSONResponse({"conditions": [_describe(item) for item in condition_fields()]})

    async def get_clock(self, request: Request) -> Response:
        """The clock that `at` refers to: CLOCK_MONOTONIC, shared by all containers of a machine."""
        return JSONResponse({"monotonic_ns": time.monotonic_ns()})

    async def get_state(self, request: Request) -> Response:
        return JSONResponse(self._state(await self._control.ask("report")))

    async def get_conditions(self, request: Request) -> Response:
        return JSONResponse((await self._control.ask("report"))["conditions"])

    async def patch_conditions(self, request: Request) -> Response:
        return JSONResponse(await self._changed("change", await json_of(request), request.query_params))

    async def put_conditions(self, request: Request) -> Response:
        """Replace all conditions; `?restore=true` also accepts values that have no effect, as a state may have."""
        strict = request.query_params.get("restore") != "true"
        return JSONResponse(await self._changed("replace", await json_of(request), request.query_params, strict))

    async def delete_conditions(self, request: Request) -> Response:
        return JSONResponse(await self._changed("replace", self._startup, request.query_params))

    async def get_leases(self, request: Request) -> Response:
        return JSONResponse(_leases(await self._control.ask("report")))

    async def put_lease(self, request: Request) -> Response:
        """Extend a lease to `?for=10s` from now."""
        refuse_unknown(request.query_params, ("for",), "parameter")
        lease_ns = duration_of(request.query_params, "for")
        if lease_ns is None:
            raise ConditionsError("is missing: give a duration such as ?for=10s", "for")
        return JSONResponse(_leases(await self._ask_lease(request, "renew", lease_ns=lease_ns)))

    async def delete_lease(self, request: Request) -> Response:
        return JSONResponse(self._state(await self._ask_lease(request, "release")))

    async def get_files(self, request: Request) -> Response:
        return JSONResponse(await self._control.ask("files"))

    async def get_file(self, request: Request) -> Response:
        await self._refuse_missing_file(request)
        return PlainTextResponse(whole((await self._ask_file(request, "file"))["text"]))

    async def put_file(self, request: Request) -> Response:
        text = await text_of(request, MOST_BYTES)
        return JSONResponse(await self._ask_file(request, "put_file", text=chunks(text)))

    async def delete_file(self, request: Request) -> Response:
        await self._refuse_missing_file(request)
        return JSONResponse(await self._ask_file(request, "remove_file"))

    async def get_stats(self, request: Request) -> Response:
        return JSONResponse(self._stats.report())

    async def post_stats(self, request: Request) -> Response:
        """Publish stats; `?age=120ms` is the time since they were measured."""
        refuse_unknown(request.query_params, ("age",), "parameter")
        age_ns = duration_of(request.query_params, "age") or 0
        self._stats.publish(await json_of(request), age_ns / 1e9)
        return JSONResponse({"published": True})

    async def get_console(self, request: Request) -> Response:
        """Console entries of the pages; with `?after=12` only those after entry 12."""
        refuse_unknown(request.query_params, ("after",), "parameter")
        after = request.query_params.get("after", "0")
        if not (after.isascii() and after.isdecimal() and len(after) < 16):
            raise ConditionsError(f"{after!r} is not an entry number such as 12", "after")
        return JSONResponse(self._console.report(int(after)))

    async def post_console(self, request: Request) -> Response:
        self._console.publish(await json_of(request))
        return JSONResponse({"published": True})

    async def get_qos(self, request: Request) -> Response:
        report = await self._control.ask("report")
        return JSONResponse(qos_format.written(Conditions.from_dict(report["conditions"])))

    async def post_qos(self, request: Request) -> Response:
        spec = await json_of(request)
        async with self._changing:
            report = await self._control.ask("report")
            base, present = (Conditions.from_dict(report[key]) for key in ("base", "conditions"))
            if qos.changed(present, spec) != present:
                await self._change("replace", qos.changed(base, spec).to_dict(), options_of({}))
        return PlainTextResponse("OK")

    async def get_top(self, request: Request) -> Response:
        direction = request.path_params["direction"]
        if direction not in ("ingress", "egress"):
            raise HTTPException(404, f"no such profile: {direction}; expected ingress or egress")
        rows = (await self._control.ask("top", direction=direction))["rows"]
        return Response(top_talkers.profile(rows), media_type="application/octet-stream")

    async def _changed(
        self, op: str, change: Any, parameters: Mapping[str, str], strict: bool = False
    ) -> dict[str, Any]:
        """Apply a change and return the state; with `?check=true` return the preview and the present state."""
        options = options_of(parameters) | {"strict": strict}
        async with self._changing:
            if parameters.get("check") != "true":
                return await self._change(op, change, options)
            preview, _ = await self._previewed(op, change, options)
            return preview | {"state": self._state(await self._control.ask("report"))}

    async def _change(self, op: str, change: Any, options: Mapping[str, Any]) -> dict[str, Any]:
        """The state after a change. The change is passed on unparsed: only the forwarder parses it.

        A change to a flow that names a host needs a preview first, which lists the host names that all flows will use:
        the API looks them up, as the forwarder must not block on DNS.
        """
        names = (await self._previewed(op, change, options))[1] if named_hosts(change) else {}
        return self._state(await self._control.ask(op, WORK_SECONDS, change=change, **options, names=names))

    async def _previewed(
        self, op: str, change: Any, options: Mapping[str, Any]
    ) -> tuple[dict[str, Any], dict[str, list[str]]]:
        """The conditions that would be in force, and host addresses if the change touches a flow that names a host.

        If a refused change is valid by itself but names an unknown host, the error reports the host.
        """
        hosts = named_hosts(change)
        try:
            preview = await self._control.ask(op, WORK_SECONDS, change=change, **options, check=True)
        except RequestRefused as refused:
            try:
                Conditions.from_dict(change)
            except ConditionsError:
                raise refused from None
            await _addresses(hosts)
            raise
        all_hosts = preview.pop("hosts")
        return preview, await _addresses(all_hosts) if hosts else {}

    async def _ask_lease(self, request: Request, op: str, **arguments: Any) -> dict[str, Any]:
        id_text = request.path_params["id"]
        report = await self._control.ask("report")
        ids = {str(entry["id"]): entry["id"] for entry in (*report["leases"], *report["scheduled"])}
        if id_text not in ids:
            listed = ", ".join(ids) or "none"
            raise HTTPException(404, f"no lease or scheduled change {shortened(id_text)}; there are: {listed}")
        return await self._control.ask(op, WORK_SECONDS, lease=ids[id_text], **arguments)

    async def _ask_file(self, request: Request, op: str, **arguments: Any) -> dict[str, Any]:
        return await self._control.ask(op, WORK_SECONDS, name=request.path_params["name"], **arguments)

    async def _refuse_missing_file(self, request: Request) -> None:
        names = [file["name"] for file in (await self._control.ask("files"))["files"]]
        name = request.path_params["name"]
        if name not in names:
            raise HTTPException(404, f"{name}: no such file; uploaded files: {', '.join(names) or 'none'}")

    def _state(self, report: Mapping[str, Any]) -> dict[str, Any]:
        identity = self._identity
        return {
            "version": VERSION,
            "name": identity.name,
            "lab": identity.lab,
            "startup": self._startup,
            "seed": report["conditions"]["seed"],
            "problem": self._stats.problem(),
            **report,
        }


def make(control: ControlClient, identity: Identity, access: AccessCheck, pulse: Pulse | None = None) -> Starlette:
    """The ASGI application; every error is a 4xx or 503 with a one-line message."""
    return Starlette(
        routes=ControlApi(control, identity).routes(),
        middleware=[
            Middleware(AccessMiddleware, access=access, container=identity.container),
            *([Middleware(CORSMiddleware, allow_origins=access.origins, **_ANY)] if access.origins else ()),
        ],
        exception_handlers={
            HTTPException: _http_error,
            ConditionsError: _refused(422),
            InvalidStats: _refused(422),
            BadEntries: _refused(422),
            RequestRefused: _refused(422),
            Unanswered: _unanswered(pulse),
            ClientDisconnect: _refused(400),  # nobody is left to read it
        },
    )


def main(
    listening: Sequence[socket.socket],
    channel: socket.socket,
    identity: Identity,
    hosts: Sequence[str],
    allow: Allow,
    pulse: Pulse,
) -> None:
    """Serve until killed."""
    control, admitted = ControlClient(channel), Admitted(hosts, allow)
    names = (identity.name, socket.gethostname()) if allow else ()
    serve(
        make(control, identity, AccessCheck(admitted, names, allow.origins), pulse),
        listening,
        _background(admitted.follow(control), pulse),
    )


def _refused(status: int) -> Callable[[Request, Exception], Awaitable[Response]]:
    async def answer(_: Request, error: Exception) -> Response:
        return JSONResponse({"error": shortened(str(error), MOST_ERROR)}, status)

    return answer


def _unanswered(pulse: Pulse | None) -> Callable[[Request, Exception], Awaitable[Response]]:
    """503, with the reason if PID 1 knows it."""

    async def answer(_: Request, error: Exception) -> Response:
        starved = pulse and pulse.news.get("forwarder", {}).get("state") == "starved"
        return JSONResponse({"error": STARVED if starved else str(error)}, 503)

    return answer


async def _background(following: Coroutine[Any, Any, None], pulse: Pulse) -> None:
    asyncio.get_running_loop().add_reader(pulse.fileno(), pulse.answer)
    await following


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    detail = error.detail
    if detail == HTTPStatus(error.status_code).phrase:  # raised by the router, which gives no reason
        reason = "no such path" if error.status_code == 404 else f"{request.method} is not supported"
        detail = f"{request.url.path}: {reason}"
    return JSONResponse({"error": shortened(detail, MOST_ERROR)}, error.status_code)


def _leases(report: Mapping[str, Any]) -> dict[str, Any]:
    return {key: report[key] for key in ("monotonic_ns", "leases", "scheduled", "failed")}


def _describe(item: Field[Any]) -> dict[str, Any]:
    """A condition as the control page needs it: `kind` selects the input, `choices` are the options of a menu."""
    unit = item.metadata["unit"]
    row = {key: item.metadata[key] for key in ("name", "help", "example", "needs", "excludes")} | {"kind": unit.name}
    if unit.name == "word":
        row["choices"] = unit.allowed.removeprefix("one of ").split(", ")
    return row


async def _addresses(hosts: Mapping[str, str]) -> dict[str, list[str]]:
    """The addresses of hosts, given as host name -> flow; raises ConditionsError if a name cannot be resolved."""
    loop = asyncio.get_running_loop()
    addresses = {}
    for name, flow in hosts.items():
        try:
            rows = await asyncio.wait_for(loop.getaddrinfo(name, None, type=socket.SOCK_DGRAM), LOOKUP_SECONDS)
        except (OSError, TimeoutError):
            raise ConditionsError(f"cannot resolve host name {name!r} on this network", f"flows.{flow}") from None
        addresses[name] = sorted({str(row[4][0]) for row in rows})
    return addresses
