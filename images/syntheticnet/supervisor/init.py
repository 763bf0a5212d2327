"""PID 1's startup: takes over the interface, starts forwarder and API, then the application."""

from __future__ import annotations

import gc
import os
import re
import signal
import socket
import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext, suppress
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from .. import channel, readiness, syscalls
from ..conditions import Conditions
from ..conditions.hosts import named_hosts
from ..firewall import CONTROL_PORTS, INNERS, NoFirewall, closed_gateway_rules, control_port_rules, put_rules
from ..forwarder import process as forwarder
from ..forwarder.controller import drawn_schedule
from ..forwarder.networks import NetworkSockets
from ..forwarder.process import Wiring
from ..forwarder.shared_files import SharedFiles
from ..forwarder.shared_memory import SharedDocument
from ..heartbeat import Pulse
from ..router.router import Router
from . import application, network_devices, prober
from .children import ChildBody, Children, in_child, reap, say, seal
from .interface import NoInterface
from .keeper import Keeper
from .loop import Supervisor
from .own_networks import keepers_of
from .resolver import Resolver, why_not
from .roaming import Roaming
from .settings import BadSettings, Settings
from .without_openssl import without_openssl

if TYPE_CHECKING:
    from ..api.tls_port import TlsPort

# Users created in the image for these processes.
FORWARDER_USER, API_USER = 65310, 65311
START_SECONDS = 20.0
BROKEN = 3


class Broken(Exception):
    """The container cannot work; the message is one line."""


def main(arguments: Sequence[str]) -> NoReturn:
    """Never returns: exits with the application's status, or with `BROKEN` after one line of error."""
    try:
        settings = Settings.read(os.environ, arguments)
        status = _live(settings)
    except (Broken, BadSettings, NoInterface, NoFirewall) as error:
        say(str(error))
        status = BROKEN
    os._exit(status)


def _live(settings: Settings) -> int:
    # Blocked from the start and read through a signalfd later: a signal during startup is neither lost nor fatal.
    signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    syscalls.hide()
    keepers = keepers_of(settings)
    with network_devices.one_line_errors():
        trusted = settings.allow.host and settings.tls is None
        hosts = [host for keeper in keepers for host in keeper.start(trusted)]
        if settings.tls:
            keepers[0].answer_everybody(settings.tls.port)
        if any(keeper.separate for keeper in keepers):
            # The host reaches published ports through an unconditioned interface, which is cut off otherwise.
            for host in hosts:
                put_rules(control_port_rules(host, settings.ports))
        if settings.routing.gateway:
            for address in dict.fromkeys(address for keeper in keepers for address in keeper.gateways):
                put_rules(closed_gateway_rules(address, settings.ports))
        router = _started_router(settings, keepers[0], hosts) if settings.lan else None
    children = Children()
    probed = prober.open_channel(settings)
    resolver = Resolver(children, settings, (API_USER,))
    roaming = Roaming(keepers) if settings.uplinks else None
    # The networks of a roaming client share one forwarder, and so their conditions.
    shares = [keepers] if roaming else [[keeper] for keeper in keepers]
    for number, share in enumerate(shares):
        _start_ours(children, settings, hosts, share, number, probed, resolver, router, roaming)
    resolver.start()
    if resolver.problem:
        raise Broken(f"dns: {resolver.problem}")
    prober.start(children, settings, probed)
    # Docker removes and recreates the interface on a reconnect, so PID 1 keeps NET_ADMIN to take over the new one. It
    # can no longer pass it on to a program it starts, and packet sockets are open already.
    # But a router, in which no application runs, starts nft for each change of its NAT.
    kept = {syscalls.NET_ADMIN} if router else set()
    syscalls.drop_capabilities(set(application.FORBIDDEN) - kept, but=[syscalls.NET_ADMIN])
    seal()
    application_pid = _start_application(settings)
    readiness.announce()
    gc.enable()
    servers = router.server if router else None, roaming
    return Supervisor(children, keepers, application_pid, settings.expires, *servers).run()


def _started_router(settings: Settings, keeper: Keeper, hosts: Sequence[str]) -> Router:
    """A router that routes from now on, with the NAT of the start."""
    if settings.command:
        raise Broken("SYNTHLAB_LAN: a router runs no application")
    assert settings.lan
    router = Router(settings.lan, INNERS[0], settings.startup.nat)
    further = [lan for lan, through in settings.routing.lans.items() if through in settings.lan]
    router.start(hosts, settings.ports, further)
    keeper.follow(router.see)
    return router


def _container() -> str:
    """The engine's id of this container, from the path of its mounted /etc/hostname; empty if not found there."""
    match = re.search(r"/([0-9a-f]{64})/\S*hostname /etc/hostname ", Path("/proc/self/mountinfo").read_text())
    return match[1] if match else ""


def _start_ours(
    children: Children,
    settings: Settings,
    hosts: Sequence[str],
    keepers: Sequence[Keeper],
    number: int,
    probed: prober.Channel | None,
    resolver: Resolver,
    router: Router | None,
    roaming: Roaming | None,
) -> None:
    """Start a network's forwarder and, unless disabled, its API, each as its own user; returns once both work.

    A companion starts its API with the first request, since that costs more than all the rest of it; unless the API has
    names to look up from the start.
    """
    name, startup = _network(settings, number)
    schedule, files = SharedDocument.create(), SharedFiles.create()
    # The seed is drawn here and not by a forwarder, so that a restarted one continues with the same seed.
    schedule.save(drawn_schedule(startup, time.monotonic_ns()).to_dict())
    files.update(settings.files)
    forwarder_end, api_end = channel.make_pair()
    start = time.monotonic_ns()
    pulse = Pulse()
    # Elsewhere control traffic does not pass the forwarder, and no sender on the conditioned network is the host.
    networks = [
        NetworkSockets(one.wire.outside.fileno(), one.wire.inside.fileno(), hosts if one.publishes else [])
        for one in keepers
    ]
    no_dns = why_not()
    if no_dns and startup.dns:
        raise Broken(f"dns: {no_dns}")

    def forward(restarts: int) -> None:
        syscalls.become(FORWARDER_USER, FORWARDER_USER)
        began = time.monotonic_ns() if restarts else start
        lookups = None if no_dns else resolver.board
        nat = router.server.client(router.nat) if router else None
        roam = roaming.server.client() if roaming else None
        own = forwarder_end, schedule, settings.ports, restarts, began, files, settings.allow, settings.ipv6_only
        wiring = Wiring(networks, *own, pulse, lookups, no_dns, number, nat, roam)
        forwarder.main(wiring)

    children.start("forwarder", forward, pulse, name)
    if settings.api_port is None:
        _await_health(children, lambda: channel.is_answered(api_end))
        return
    port, of_api = settings.api_port + number, Pulse()
    listening = _listening(settings, number)
    tls = _tls_port(settings) if number == 0 and settings.tls else None
    serve = _api(settings, number, listening, api_end, hosts, of_api, probed, tls)
    if settings.command or settings.allow.names or named_hosts(startup.to_dict()):
        _load_api(settings)  # before the application can alter it on disk
        children.start("api", serve, of_api, name)
        _await_health(children, lambda: _healthy(port))
    else:
        _await_health(children, lambda: channel.is_answered(api_end))
        children.start_when_called("api", serve, of_api, name, [*listening, *([tls.listening] if tls else [])])


def _network(settings: Settings, number: int) -> tuple[str, Conditions]:
    """Name and startup conditions of a network; the only one has no name."""
    return list(settings.networks.items())[number] if settings.networks else ("", settings.startup)


def _listening(settings: Settings, number: int) -> list[socket.socket]:
    """The sockets of a network's API."""
    assert settings.api_port
    port = settings.api_port + number
    addresses = ("", port), ("127.0.0.1", CONTROL_PORTS[number])
    listening = [socket.create_server(address, backlog=128) for address in addresses]
    if settings.ipv6_only:  # peers allowed by the stack can only use IPv6 here
        listening.append(socket.create_server(("::", port), family=socket.AF_INET6, backlog=128))
    # asyncio sets it only for sockets with an explicit protocol; without it each answer takes 40 ms.
    for one in listening:
        one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listening


def _api(
    settings: Settings,
    number: int,
    listening: Sequence[socket.socket],
    control: socket.socket,
    hosts: Sequence[str],
    pulse: Pulse,
    probed: prober.Channel | None,
    tls: TlsPort | None,
) -> ChildBody:
    """The body of a network's API process; the first network's has the numbers of the container's probes."""
    network, startup = _network(settings, number)
    name = f"{settings.name}@{network}" if network else settings.name
    container = _container()

    def serve(_: int) -> None:
        syscalls.become(API_USER, API_USER)
        _load_api(settings)  # not before, so that neither PID 1 of a companion nor any forwarder carries it
        from ..api import process as api
        from ..api.state_answer import Identity

        identity = Identity(name, settings.lab, startup, container, settings.self_control, settings.screen_port)
        numbers = probed.api if probed and not number else None
        api.main(listening, control, identity, hosts, settings.allow, pulse, numbers, tls)

    return serve


def _load_api(settings: Settings) -> None:
    """Import the API's code, without OpenSSL unless the lab uses TLS; the prober has the same asyncio."""
    with nullcontext() if settings.tls or settings.probes else without_openssl():
        import_module("..api.process", __package__)


def _tls_port(settings: Settings) -> TlsPort:
    """The control port for other machines. Only root can read the lab's secrets."""
    import ssl

    from ..api.tls_port import TlsPort

    assert settings.tls
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.load_cert_chain(settings.tls.certificate)
    listening = socket.create_server(("", settings.tls.port), backlog=128)
    tunnels = set(settings.ports) - {settings.tls.port, settings.api_port}
    return TlsPort(listening, context, settings.tls.token_digest, tunnels)


def _await_health(children: Children, healthy: Callable[[], bool]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if children.most_restarts() > 2:
            break
        if healthy():
            return
        time.sleep(0.02)
        reap(children)
    raise Broken(f"forwarder and API did not start within {START_SECONDS:.0f} s")


def _healthy(port: int) -> bool:
    """Whether the API reports that the forwarder responds."""
    request = b"GET /v1/health HTTP/1.0\r\nHost: localhost\r\n\r\n"
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), 2) as connection:
        connection.sendall(request)
        return connection.recv(64).split(b" ", 2)[1:2] == [b"200"]
    return False


def _start_application(settings: Settings) -> int | None:
    """The application's process id; None if the container has no application."""
    if not settings.command:
        return None
    pid = os.fork()
    if pid:
        return pid
    return in_child(lambda: _become_application(settings))


def _become_application(settings: Settings) -> None:
    os.setsid()
    application.become(settings.user, settings.command)
