"""`ps`, `ls`: list containers and labs."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from typing import Any

import typer

from ...contract import HOST, VNC_PORT
from ...control.addresses import api_url
from ...control.backend import Backend, choose_lab
from ...control.container_lookup import cut_off
from ...control.outside import outside_line
from ...control.proxied_browser import ProxiedBrowser, is_proxy, proxied_browser
from ...control.slowness import out_of_reach
from ...control.state import ClientState
from ...control.versions import describe_mismatch, other_versions
from ...engine.containers import Container
from ...errors import SynthlabError
from .. import console
from ..tables import containers_table, uplink_lines
from .options import JsonOption, LabOption

NO_LAB = "no lab is up"


def ps(context: typer.Context, lab: LabOption = None, json: JsonOption = False) -> None:
    """List containers, their health and host ports.

    Of all labs that are up, or of one with --lab. `ls` lists labs.

    \b
    state               as Docker and the health check report it, or:
                        no answer     healthy, but its API does not answer
                        done          a service that has ended with status 0
                        cut off       its companion has ended: restart it
                        not impaired  replaced by `docker compose up`
    API, VNC            addresses of its control page and its screen
    time left           of a lab started with --ttl
    forwarder restarts  how often the forwarder had to be replaced
    node                its machine, in a lab on a swarm
    Empty columns are left out; --json has all of them.
    The line below says how people from outside take part: not conditioned.

    \b
    Examples:
      synthlab ps
      synthlab ps --lab call --json
    """
    backend: Backend = context.obj
    if lab:
        choose_lab(backend.engine.labs(), lab)
    show_containers(backend, backend.engine.containers(lab), json)


def ls(context: typer.Context, json: JsonOption = False) -> None:
    """List labs: state, age, time left.

    A lab that `up` is bringing up is `starting`.

    \b
    Examples:
      synthlab ls
      synthlab ls --json
    """
    from ...control.lab_list import overviews
    from ..lab_list import overviews_table

    backend: Backend = context.obj
    now = time.time()
    seen = overviews(backend.engine.labs(), backend.engine.containers(), now, backend.engine.locks())
    if json:
        console.print_json([asdict(one) for one in seen])
    elif seen:
        console.print_table(overviews_table(seen))
    else:
        console.print_line(NO_LAB)


def show_containers(backend: Backend, containers: list[Container], json: bool, fresh: bool = False) -> None:
    """Print containers with the state of their APIs; notes images of another version, and rates out of reach.

    The APIs of `fresh` companions are not asked: they have no problem to report, and start with the first request.
    """
    unasked = {one.id for one in containers if fresh and one.network_of}
    states = _states(backend, [one for one in containers if one.id not in unasked])
    restarts: dict[str, int | None] = dict.fromkeys(unasked) | {id: state.restarts for id, state in states.items()}
    problems = {id: state.problem for id, state in states.items() if state.problem}
    lost = cut_off(containers, backend.engine.started_at)
    browsers = _browsers(backend, containers)
    if json:
        console.print_json(
            [
                _as_json(container, restarts)
                | {"problem": problems.get(container.id), "cut_off": container.id in lost}
                | {"uplink": states[container.id].uplink if container.id in states else None}
                | {"browser": browsers[container.id].to_dict() if container.id in browsers else None}
                for container in containers
            ]
        )
    elif containers:
        console.print_table(containers_table(containers, restarts, time.time(), lost))
        for container in containers:
            if container.id in problems:
                console.print_line(f"{container.title}: {problems[container.id]}")
        for line in uplink_lines({one.title: states[one.id] for one in containers if one.id in states}):
            console.print_line(line)
        for browser in browsers.values():
            console.print_line(f"{browser.client}: take part over its network with {browser.command}")
        for line in _outside(containers):
            console.print_line(line)
    else:
        console.print_line(NO_LAB)
    by_name = {one.title: states[one.id] for one in containers if one.id in states}
    note_versions(by_name)
    for line in out_of_reach(by_name):
        console.print_note(line)


def _browsers(backend: Backend, containers: list[Container]) -> dict[str, ProxiedBrowser]:
    """How to take part through each proxy, by its container's id."""
    proxies = [container for container in containers if is_proxy(container)]
    found = {one.id: proxied_browser(one, backend.engine.environment(one)) for one in proxies}
    return {id: browser for id, browser in found.items() if browser}


def _outside(containers: list[Container]) -> Iterator[str]:
    """One line for each lab that people from outside take part in."""
    labs = {container.lab: [one for one in containers if one.lab == container.lab] for container in containers}
    for lab, members in labs.items():
        if line := outside_line(members):
            yield f"{lab}: {line}" if len(labs) > 1 else line


def note_versions(states: Mapping[str, ClientState]) -> None:
    """Print a note if clients run another version than ours."""
    if mismatch := describe_mismatch(other_versions(states)):
        console.print_note(mismatch)


def _states(backend: Backend, containers: list[Container]) -> dict[str, ClientState]:
    """The state of each client, by container id; clients that do not answer are missing."""

    def ask(container: Container) -> ClientState | None:
        try:
            return backend.api(container).state()
        except SynthlabError:
            return None

    asked = [one for one in containers if one.conditioned and one.state == "running" and api_url(one)]
    with ThreadPoolExecutor(max_workers=16) as pool:
        answers = list(pool.map(ask, asked))
    return {container.id: answer for container, answer in zip(asked, answers, strict=True) if answer is not None}


def _as_json(container: Container, restarts: Mapping[str, int | None]) -> dict[str, Any]:
    vnc, now = container.ports.get(VNC_PORT), time.time()
    shown = ("lab", "role", "client", "group", "app", "stack", "state", "status", "health", "name", "id", "node")
    return {key: getattr(container, key) for key in shown} | {
        "forwarder_restarts": restarts.get(container.id),
        "api": api_url(container),
        "vnc": f"{HOST}:{vnc}" if vnc else None,
        "left_s": None if container.expires is None else max(round(container.expires - now, 1), 0.0),
        "expired": container.expired(now),
        "outside": outside_line([container]),
    }
