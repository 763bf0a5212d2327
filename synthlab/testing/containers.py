"""Descriptions of containers, for labs that do not exist."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import count

from ..contract import API_PORT, COMPANION_API_PORT
from ..engine.containers import Container, read_container

# A name ends at the first quote: services of a Compose file have more of them on the same line.
_SERVICE = re.compile(r'^  ("[^"]*"): ?({.*})?\n((?: {4}.*\n)*)', re.MULTILINE)
_LABEL = re.compile(r'^      ("synthlab\..*?"): (".*")$', re.MULTILINE)
_PUBLISHED = re.compile(r"target: (\d+)(?:, published: \"(\d+)\")?")
_DRAWN = 32768


def fake_container(lab: str, client: str, group: str = "", index: int = 1) -> Container:
    """A healthy client of a lab; the client with `index` 1 has its API on port 3000."""
    return Container(
        id=f"{lab}/{client}",
        name=f"synthlab-{lab}-{client}-1",
        lab=lab,
        role="client",
        client=client,
        group=group or client,
        app="bot",
        stack=f"{lab}.yaml",
        index=index,
        state="running",
        status="Up 2 seconds (healthy)",
        health="healthy",
        ports={API_PORT: 2999 + index},
    )


def fake_companion(lab: str, server: str) -> Container:
    """The healthy companion that holds the network of a conditioned server."""
    return replace(
        fake_container(lab, f"{server}-network"),
        role="network",
        group="",
        app="syntheticnet",
        index=0,
        ports={COMPANION_API_PORT: 2900},
        network_of=server,
    )


def containers_of(rendered: str) -> Iterator[Container]:
    """A healthy container per service of a Compose file rendered by synthlab."""
    drawn = count(_DRAWN)
    project = json.loads(re.findall(r"^name: (.*)$", rendered, re.MULTILINE)[0])
    for name, inline, body in _SERVICE.findall(rendered.partition("\nservices:\n")[2]):
        labels = json.loads(inline)["labels"] if inline else _labels(body)
        ports = [(int(inner), int(outer or next(drawn))) for inner, outer in _PUBLISHED.findall(body)]
        title = f"{project}-{json.loads(name)}-1"
        yield read_container(
            {
                "Id": title,
                "Names": [f"/{title}"],
                "Labels": labels,
                "State": "running",
                "Status": "Up 2 seconds (healthy)",
                "Ports": [{"PrivatePort": inner, "PublicPort": outer} for inner, outer in ports],
            }
        )


def _labels(body: str) -> dict[str, str]:
    return {json.loads(name): json.loads(value) for name, value in _LABEL.findall(body)}
