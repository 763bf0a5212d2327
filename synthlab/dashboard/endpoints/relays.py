"""Relays to a client: its own API, its screen, its debugger; through its ports, or through the engine."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.websockets import WebSocket

from ...contract import CDP_PORT, VNC_PORT
from ...control import addresses
from ...control.container_lookup import conditioned_network_of
from ...control.port_tunnel import api_headers, connect
from ...engine.containers import Container
from ...errors import SynthlabError, WrongUse
from .. import schemas
from ..dashboard import Dashboard
from ..endpoint import LabEndpoint, LabRequest, container_of
from ..failures import InTheWay, NotThere
from ..stream import Stream
from ..streamed_http import StreamedAnswer

if TYPE_CHECKING:
    from websockets.asyncio.client import ClientConnection

MOST_BODY_BYTES = 1 << 24
PIECE = 1 << 16
GOODBYE_S = 1.0
"""How long a browser that may hang has to answer a goodbye; less than the server waits for its streams to end."""
# What a container sends is not ours: a browser must not run it with the rights of our pages.
RELAYED = {"content-security-policy": "sandbox", "x-content-type-options": "nosniff"}
PASSED = ("accept", "content-type", "last-event-id")
_DEBUGGER = f"127.0.0.1:{CDP_PORT}"
_OWN = ("content-type", "content-disposition", "etag", "last-modified", "allow")


async def relay_api(request: LabRequest) -> Any:
    """Any request to a client's own API; events are passed on as they come."""
    container = await run_in_threadpool(_conditioned, request)
    target = f"/{request.http.scope['raw_path'].decode('latin-1').split('/api/', 1)[1]}"
    if request.http.url.query:
        target = f"{target}?{request.http.url.query}"
    headers = {name: value for name, value in request.http.headers.items() if name in PASSED}
    if request.http.method == "GET" and request.path["path"] == "v1/events":
        return await _streamed(request.dashboard, container, target, headers | {"host": "127.0.0.1"})
    body = await _body_of(request)
    api = request.dashboard.backend.api(container)
    answer = await run_in_threadpool(api.ask, request.http.method, target, headers, body)
    return Response(answer.body, answer.status, _passed_on(answer.headers.items()))


async def relay_debugger(request: LabRequest) -> Any:
    """The debugger's own pages about its targets; its WebSockets are relayed at the addresses that they name."""
    container = await run_in_threadpool(lambda: _that_has(request.container(request.lab()), addresses.check_debugger))
    path = request.path["path"]
    target = f"/{path}?{request.http.url.query}" if request.http.url.query else f"/{path}"
    connection = await run_in_threadpool(connect, request.dashboard.backend, container, CDP_PORT)
    # Chromium makes the addresses in its answers from the host's name in the request.
    answer = await StreamedAnswer.get(connection, target, {"host": _DEBUGGER}, request.dashboard.relayed)
    body = await answer.body(MOST_BODY_BYTES)
    own = f"{request.http.headers['host']}{request.http.url.path.removesuffix(path)}"
    sent = body.replace(f"{_DEBUGGER}/".encode(), own.encode())
    return Response(sent, answer.status, _passed_on(_texts(answer)))


async def screen(dashboard: Dashboard, websocket: WebSocket) -> None:
    """The screen of a client: the bytes of VNC, as binary messages."""
    connection = await _opened(dashboard, websocket, addresses.check_screen, VNC_PORT)
    reader, writer = await asyncio.open_connection(sock=connection)
    # noVNC asks for the subprotocol `binary`.
    await websocket.accept("binary" if "binary" in websocket.scope.get("subprotocols", ()) else None)
    try:
        await _until_one_ends(_from_viewer(websocket, writer), _to_viewer(reader, websocket))
    finally:
        writer.close()


async def debugger(dashboard: Dashboard, websocket: WebSocket) -> None:
    """The DevTools protocol of one target of a client's browser."""
    from websockets.asyncio.client import connect as connect_websocket
    from websockets.exceptions import WebSocketException

    connection = await _opened(dashboard, websocket, addresses.check_debugger, CDP_PORT)
    path = websocket.path_params["path"]
    # Screenshots are larger than the library's limit; the tool at the other end keeps the connection alive.
    options: dict[str, Any] = {"max_size": None, "compression": None, "ping_interval": None, "proxy": None}
    options["close_timeout"] = GOODBYE_S
    try:
        browser = await connect_websocket(f"ws://{_DEBUGGER}/{path}", sock=connection, **options)
    except (WebSocketException, TimeoutError, ValueError) as error:
        connection.close()
        raise NotThere(f"/{path}: no such target of the debugger: {error}") from None
    async with browser:
        await websocket.accept()
        await _until_one_ends(_commands(websocket, browser), _answers(browser, websocket))


async def _commands(websocket: WebSocket, browser: ClientConnection) -> None:
    while True:
        await browser.send(await websocket.receive_text())


async def _answers(browser: ClientConnection, websocket: WebSocket) -> None:
    async for message in browser:
        await websocket.send_text(message if isinstance(message, str) else message.decode())


async def _streamed(dashboard: Dashboard, container: Container, target: str, headers: dict[str, str]) -> Response:
    connection = await run_in_threadpool(connect, dashboard.backend, container, container.api_port)
    headers |= await run_in_threadpool(api_headers, dashboard.backend, container)
    answer = await StreamedAnswer.get(connection, target, headers, dashboard.relayed)
    return RelayedStream(answer)


class RelayedStream(Stream):
    """The answer of a client as it comes."""

    def __init__(self, answer: StreamedAnswer) -> None:
        super().__init__(_passed_on(_texts(answer)), answer.status)
        self._answer = answer

    def pieces(self) -> AsyncIterator[bytes]:
        return self._answer.pieces()

    def end(self) -> None:
        self._answer.close()


async def _opened(
    dashboard: Dashboard, websocket: WebSocket, check: Callable[[Container], None], port: int
) -> socket.socket:
    """A connection to a port of the client that a WebSocket is about. Raises SynthlabError."""
    path = websocket.path_params

    def find() -> socket.socket:
        container = container_of(dashboard.lab(path["lab"]), path["client"])
        connection = connect(dashboard.backend, _that_has(container, check), port)
        connection.setblocking(False)
        return connection

    return await run_in_threadpool(find)


def _conditioned(request: LabRequest) -> Container:
    lab = request.lab()
    try:
        return conditioned_network_of(lab.name, lab.members, request.path["client"])
    except WrongUse as error:
        raise NotThere(error.message) from None


def _that_has(container: Container, check: Callable[[Container], None]) -> Container:
    """The container, if it runs and has a screen or a debugger. Raises InTheWay."""
    try:
        check(container)
    except SynthlabError as error:
        raise InTheWay(error.message) from None
    return container


def _passed_on(headers: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The headers of a relayed answer: what describes its content, and our rules for it."""
    return {name.lower(): value for name, value in headers if name.lower() in _OWN} | RELAYED


def _texts(answer: StreamedAnswer) -> Iterator[tuple[str, str]]:
    return ((name.decode("latin-1"), value.decode("latin-1")) for name, value in answer.headers)


async def _body_of(request: LabRequest) -> bytes:
    chunks, size = list[bytes](), 0
    async for chunk in request.http.stream():
        size += len(chunk)
        if size > MOST_BODY_BYTES:
            raise HTTPException(413, f"the body is longer than {MOST_BODY_BYTES} bytes")
        chunks.append(chunk)
    return b"".join(chunks)


async def _from_viewer(websocket: WebSocket, writer: asyncio.StreamWriter) -> None:
    while True:
        writer.write(await websocket.receive_bytes())
        await writer.drain()


async def _to_viewer(reader: asyncio.StreamReader, websocket: WebSocket) -> None:
    while piece := await reader.read(PIECE):
        await websocket.send_bytes(piece)


async def _until_one_ends(*directions: Awaitable[None]) -> None:
    """Run both directions; when one ends, or fails because its end is gone, so does the other."""
    tasks = [asyncio.ensure_future(direction) for direction in directions]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


ONE = "/v1/labs/{lab}/clients/{client}"
TABLE = (
    LabEndpoint(
        method="ANY",
        path=f"{ONE}/api/{{path:path}}",
        handler=relay_api,
        is_async=True,
        media="*/*",
        answer=schemas.text("what the client answers"),
    ),
    LabEndpoint(method="WEBSOCKET", path=f"{ONE}/screen", handler=screen),
    LabEndpoint(method="WEBSOCKET", path=f"{ONE}/cdp/{{path:path}}", handler=debugger),
    LabEndpoint(
        method="GET",
        path=f"{ONE}/cdp/{{path:path}}",
        handler=relay_debugger,
        is_async=True,
        media="*/*",
        failures=(409,),
        answer=schemas.text("what the debugger answers"),
    ),
)
