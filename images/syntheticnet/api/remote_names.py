"""Names of remote addresses, such as `sfu`: looked up in the background, and remembered for a while."""

from __future__ import annotations

import re
import socket
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from ipaddress import ip_address

from ..allow import HOST
from ..conditions import ConditionsError, FlowMatch

MOST_NAMES = 1024
FOUND_S = 30.0
UNKNOWN_S = 10.0
"""Shorter, because a container that is just starting gets its name soon."""
LOOKUPS = 2

Lookup = Callable[[str], str | None]


@dataclass
class _Entry:
    name: str | None = None
    expires: float = 0.0
    pending: bool = False


class RemoteNames:
    """`of` never waits: a name is None until it is known, and an outdated one is kept until the lookup is done."""

    def __init__(
        self,
        hosts: Iterable[str] = (),
        lookup: Lookup = lambda address: None,
        executor: Executor | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`hosts` are the addresses of the machine that runs the lab; `lookup` may take long."""
        self._hosts = frozenset(hosts)
        self._lookup = lookup
        # Threads of its own: slow lookups must not delay those that a change of conditions waits for.
        self._executor = executor or ThreadPoolExecutor(LOOKUPS, "names")
        self._clock = clock
        self._entries: OrderedDict[str, _Entry] = OrderedDict()

    def of(self, address: str) -> str | None:
        """The name of an address; None if it has none, or none yet.

        Only private ones are looked up: the question for a public one would go out over the conditioned network.
        """
        if address in self._hosts:
            return HOST
        ip = ip_address(address)
        if not ip.is_private or ip.is_link_local:
            return None
        entry = self._entries.get(address)
        if entry is None:
            entry = self._entries[address] = _Entry()
            if len(self._entries) > MOST_NAMES:
                self._entries.popitem(last=False)
        self._entries.move_to_end(address)
        if not entry.pending and self._clock() >= entry.expires:
            entry.pending = True
            self._executor.submit(self._find, address, entry)
        return entry.name

    def _find(self, address: str, entry: _Entry) -> None:
        entry.name = self._lookup(address)
        entry.expires = self._clock() + (UNKNOWN_S if entry.name is None else FOUND_S)
        entry.pending = False


def lookup(lab: str, address: str) -> str | None:
    """The shortest name that leads back to the address, so that a flow may use it; asks the system's resolver."""
    try:
        # Not getnameinfo(), during which Python 3.11 runs no other thread: the whole API would wait for a name server.
        full, _, _ = socket.gethostbyaddr(address)
    except (OSError, UnicodeError):
        return None
    return next((name for name in short_names(lab, full) if _is_host(name) and _leads_to(name, address)), None)


def short_names(lab: str, full: str) -> Iterator[str]:
    """A name from reverse lookup, shortest form first.

    Docker's is CONTAINER.NETWORK, and Compose calls a container PROJECT-SERVICE-NUMBER: for client2 of the lab `call`
    synthlab-call-client2-1.synthlab-call_default. The network of a conditioned server is in the container of the
    service SERVER-network.
    """
    container = re.fullmatch(rf"synthlab-{re.escape(lab)}-(?P<service>.+)-\d+\.[^.]+", full)
    if container:
        service = container["service"]
        yield from dict.fromkeys((service.removesuffix("-network"), service))
    yield full


def _is_host(name: str) -> bool:
    """Whether flows accept it as a host."""
    try:
        return FlowMatch.parse(name) == FlowMatch(name=name)
    except ConditionsError:
        return False


def _leads_to(name: str, address: str) -> bool:
    try:
        rows = socket.getaddrinfo(name, None, type=socket.SOCK_DGRAM)
    except (OSError, UnicodeError):  # also a label that is too long
        return False
    return address in [row[4][0] for row in rows]
