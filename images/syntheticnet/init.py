"""PID 1: takes over the interface, starts forwarder and API, then the application, and tends them all to the end."""

from __future__ import annotations

import os
import re
import signal
import socket
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

from . import application, forwarder, gateway, libc, netdev, switchboard
from .desk import drawn_agenda
from .fence import DOOR_PORT
from .forwarder import Wiring
from .settings import BadSettings, Settings
from .store import Store

# Numbers of the users that the image makes for our processes.
FORWARDER_USER, API_USER = 65310, 65311
RUN = Path("/run/synthlab")
READY = RUN / "ready"
START_SECONDS = 20.0
BRIEF_SECONDS, PAUSE_SECONDS = 1.0, 0.3

# The wall clock is looked at so often, as a machine that slept has less time left than it thought.
LOOK_SECONDS = 20.0
GRACE_SECONDS = 2.0

BROKEN, KILLED = 3, 128


class Broken(Exception):
    """The container cannot do what it is for; reads as one line."""


class Children:
    """The processes that PID 1 keeps alive: each is forked anew whenever it ends."""

    def __init__(self) -> None:
        self._makers: dict[str, Callable[[int], None]] = {}
        self._pids: dict[int, str] = {}
        self._started: dict[str, float] = {}
        self.restarts: dict[str, int] = {}

    def start(self, name: str, body: Callable[[int], None]) -> None:
        """Run `body(restarts)` in a process of its own."""
        self._makers[name] = body
        self.restarts[name] = -1
        self._fork(name)

    def ended(self, pid: int) -> str | None:
        """Restart the child that `pid` was, and name it; None for any other process."""
        name = self._pids.pop(pid, None)
        if name is not None:
            if time.monotonic() - self._started[name] < BRIEF_SECONDS:
                time.sleep(PAUSE_SECONDS)  # one that fails at once must not take a whole core
            self._fork(name)
        return name

    def _fork(self, name: str) -> None:
        self.restarts[name] += 1
        self._started[name] = time.monotonic()
        pid = os.fork()
        if pid:
            self._pids[pid] = name
            return
        _in_child(lambda: self._makers[name](self.restarts[name]))


def main(arguments: Sequence[str]) -> NoReturn:
    """Never returns: ends with the application's exit status, or `BROKEN` and one line."""
    try:
        settings = Settings.read(os.environ, arguments)
        status = _live(settings)
    except (Broken, BadSettings, netdev.NoInterface) as error:
        _say(str(error))
        status = BROKEN
    os._exit(status)


def _live(settings: Settings) -> int:
    signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    libc.hide()
    for left_over in RUN.iterdir():  # of this container's life before a restart
        left_over.unlink()
    own = netdev.find(settings.network)
    with netdev.one_line_errors():
        outer, inner = netdev.take_over(own, settings.ipv6_only)
        hosts = _settled(own) if settings.allow.host else []
    children = Children()
    _start_ours(children, settings, hosts, outer, inner)
    libc.drop_capabilities(application.FORBIDDEN)
    READY.write_text(Path("/proc/self/stat").read_text().split()[21])  # its start, which tells this life from others
    return _tend(children, _start_application(settings), settings.expires)


def _settled(own: netdev.Interface) -> list[str]:
    """The gateways that published ports arrive from, each pinned to its hardware address; needs NET_ADMIN."""
    addresses = [address.host for address in own.addresses if address.family == socket.AF_INET]
    pinned: dict[str, str] = {}
    for host in own.gateways:
        try:
            mac = gateway.settle(own.index, own.mac, addresses[0], host) if addresses and ":" not in host else None
        except gateway.Pretended as error:
            _say(f"{error}: the control ports stay closed")
            continue
        if mac:
            pinned[host] = mac
    netdev.pin(pinned)
    return list(pinned)


def _container() -> str:
    """The engine's id of this container, by the files that it mounts into it; empty where it does that otherwise."""
    found = re.search(r"/([0-9a-f]{64})/\S*hostname /etc/hostname ", Path("/proc/self/mountinfo").read_text())
    return found[1] if found else ""


def _start_ours(
    children: Children, settings: Settings, hosts: Sequence[str], outer: socket.socket, inner: socket.socket
) -> None:
    """Forwarder and, where it is wanted, API, each as a user of its own; returns when both work."""
    store, files = Store.create(), Store.create()
    store.save(drawn_agenda(settings.startup).to_dict())
    files.save(dict(settings.files))
    ours, theirs = switchboard.make_pair()
    start = time.monotonic_ns()

    def forward(restarts: int) -> None:
        libc.become(FORWARDER_USER, FORWARDER_USER)
        began = time.monotonic_ns() if restarts else start
        wired = outer.fileno(), inner.fileno(), ours, store
        more = settings.allow, settings.ipv6_only
        forwarder.main(Wiring(*wired, hosts, settings.ports, restarts, began, files, *more))

    children.start("forwarder", forward)
    if settings.api_port is None:
        _await_health(children, lambda: switchboard.is_answered(theirs))
    else:
        port = settings.api_port
        children.start("api", _api(settings, port, theirs, hosts))
        _await_health(children, lambda: _healthy(port))


def _api(settings: Settings, port: int, control: socket.socket, hosts: Sequence[str]) -> Callable[[int], None]:
    """What the API's process does; like the forwarder's, its code is in memory before the application can alter it."""
    from . import api  # only now: the forwarder has been started, and does not carry it

    doors = [socket.create_server(address, backlog=128) for address in (("", port), ("127.0.0.1", DOOR_PORT))]
    if settings.ipv6_only:  # whom the stack allows has no other way
        doors.append(socket.create_server(("::", port), family=socket.AF_INET6, backlog=128))
    for door in doors:  # asyncio sets it for sockets whose protocol it is told only: else each answer takes 40 ms
        door.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    identity = settings.name, settings.lab, settings.startup, _container()

    def serve(_: int) -> None:
        libc.become(API_USER, API_USER)
        api.main(doors, control, api.Identity(*identity), hosts, settings.allow)

    return serve


def _await_health(children: Children, healthy: Callable[[], bool]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if max(children.restarts.values()) > 2:
            break
        if healthy():
            return
        time.sleep(0.02)
        _reap(children)
    raise Broken(f"forwarder and API did not start within {START_SECONDS:.0f} s")


def _healthy(port: int) -> bool:
    """Whether the API answers that the forwarder answers it."""
    request = b"GET /v1/health HTTP/1.0\r\nHost: localhost\r\n\r\n"
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), 2) as connection:
        connection.sendall(request)
        return connection.recv(64).split(b" ", 2)[1:2] == [b"200"]
    return False


def _start_application(settings: Settings) -> int | None:
    """The application's process id; None where the container has no application."""
    if not settings.command:
        return None
    pid = os.fork()
    if pid:
        return pid
    return _in_child(lambda: _become_application(settings))


def _become_application(settings: Settings) -> None:
    os.setsid()
    application.become(settings.user, settings.command)


def _tend(children: Children, application: int | None, expires: float | None) -> int:
    """Pass signals on, reap and restart; returns the exit status when the application has ended, or its time has."""
    while True:
        left = LOOK_SECONDS if expires is None else min(max(expires - time.time(), 0.0), LOOK_SECONDS)
        caught = signal.sigtimedwait(signal.valid_signals(), left)
        number = caught.si_signo if caught else None
        if number == signal.SIGCHLD:
            for pid, status in _reap(children):
                if pid == application:
                    return _exit_status(status)
        elif number is None:
            if expires is not None and time.time() >= expires:
                return _expire(application)
        elif application is None and number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            return 0
        elif application is not None:
            _pass_on(number, application)


def _expire(application: int | None) -> int:
    """Give the application a moment to end by itself: the kernel ends it, and all others, when PID 1 does."""
    _say("the lab's time is over")
    if application is not None:
        _pass_on(signal.SIGTERM, application)
        deadline = time.monotonic() + GRACE_SECONDS
        while time.monotonic() < deadline and os.waitpid(application, os.WNOHANG)[0] == 0:
            time.sleep(0.05)
    return 0


def _pass_on(number: int, application: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(application, number)


def _reap(children: Children) -> list[tuple[int, int]]:
    """Collect all that have ended, restart ours, and return the others with their status."""
    ended = []
    with suppress(ChildProcessError):
        while (row := os.waitpid(-1, os.WNOHANG))[0]:
            name = children.ended(row[0])
            if name is None:
                ended.append(row)
            else:
                _say(f"the {name} ended ({_described(row[1])}); restarted")
    return ended


def _in_child(body: Callable[[], None]) -> NoReturn:
    """Run `body` as a whole process: no way back into PID 1's code."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, signal.valid_signals())
    try:
        body()
    except BaseException as error:
        _say(f"{type(error).__name__}: {error}")
        if os.environ.get("SYNTHLAB_DEBUG"):
            import traceback

            traceback.print_exc()
    finally:
        os._exit(1)


def _exit_status(status: int) -> int:
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else KILLED - code


def _described(status: int) -> str:
    code = os.waitstatus_to_exitcode(status)
    return f"status {code}" if code >= 0 else signal.Signals(-code).name


def _say(line: str) -> None:
    print(f"synthlab: {line}", file=sys.stderr, flush=True)
