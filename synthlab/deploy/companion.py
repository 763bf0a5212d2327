"""The companion of a conditioned server: a container that holds the server's network and applies its conditions.

It runs syntheticnet without an application, and has the server's name, its published ports and the API. The companion
holds the network, and the server joins it, so that a server of any image can be conditioned: the image needs neither
syntheticnet nor capabilities. Address and conditions also survive a restart of the server. The server starts only once
its companion is healthy, so no packet of its passes unconditioned.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace

from ..contract import COMPANION_API_PORT, SYNTHETICNET, companion_name
from ..engine import labels
from ..stack import Stack, StackNetwork
from .probing import probe_labels, probe_variables
from .services import PublishedPort, Service, bounds, config_of, lab_labels, protocols


def companion(stack: Stack, service: Service, network: StackNetwork) -> tuple[Service, Service]:
    """The companion of a service, and the service changed to share the companion's network.

    The service's `ports` are not published at all: the host reads them from inside the container, unconditioned.
    """
    name = companion_name(service.name)
    holder = replace(
        holder_of(stack, name, service.name, {service.name: network}),
        hostname=service.name,
        alias=service.name,
        published=service.published,
        extra_hosts=service.extra_hosts,
    )
    # Docker refuses host name, ports and extra hosts for a container in another's network: they move to the companion.
    patched = replace(
        service,
        hostname=None,
        alias=None,
        ports=(),
        published=(),
        extra_hosts=(),
        network_of=holder.name,
        after={**service.after, holder.name: "service_healthy"},
    )
    return holder, patched


def holder_of(stack: Stack, name: str, server: str, networks: Mapping[str, StackNetwork]) -> Service:
    """The companion called `name` of a server, without what it takes over from the server.

    `networks` are `server`'s own, or, by names such as `web@front`, those that are conditioned one by one.
    """
    named = {owner.partition("@")[2]: network for owner, network in networks.items()}
    ports = [COMPANION_API_PORT + number for number in range(len(named))]
    separate = {labels.NETWORKS: ",".join(named)} if "" not in named else {}
    files = {file: text for network in named.values() for file, text in network.files.items()}
    return Service(
        name=name,
        image=SYNTHETICNET,
        conditioned=True,
        labels=lab_labels(stack) | _marks(name, server) | separate | probe_labels(stack, server),
        environment=_environment(stack, server, named, ports),
        ports=tuple(PublishedPort(container=port, host=None) for port in ports),
        configs=tuple(config_of(file, text) for file, text in files.items()),
    )


def _marks(name: str, server: str) -> dict[str, str]:
    return {labels.ROLE: "network", labels.CLIENT: name, labels.NETWORK_OF: server, labels.APP: "syntheticnet"}


def _environment(
    stack: Stack, server: str, networks: Mapping[str, StackNetwork], ports: Sequence[int]
) -> dict[str, str]:
    written = {name: network.conditions.to_dict() for name, network in networks.items()}
    several = {"SYNTHLAB_NETWORKS": json.dumps(written)}
    conditions = {"SYNTHLAB_CONDITIONS": json.dumps(written[""])} if "" in written else several
    return {
        "SYNTHLAB_LAB": stack.name,
        "SYNTHLAB_NAME": server,
        **conditions,
        "SYNTHLAB_API_PORT": str(COMPANION_API_PORT),
        "SYNTHLAB_CONTROL_PORTS": " ".join(map(str, ports)),
        **bounds(stack),
        **protocols(stack),
        **probe_variables(stack, server),
    }
