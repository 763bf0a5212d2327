"""Look-ups of names in a real lab: slow, failing and lying, from the start and for a time; closed to neighbours."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from synthlab import Lab, WrongUse

from .labs import docker, docker_log, lab_up, synthlab, until
from .pair import Traffic
from .strangers import container

pytestmark = [pytest.mark.docker, pytest.mark.issue(17), pytest.mark.timeout(120)]

NAME = "dns-lookups"
STACK = f"""\
name: {NAME}
clients:
  early:
    image: syntheticnet
    command: sh -c 'getent ahostsv4 api.example > /tmp/first; exec sleep 3000'
    network: {{dns: {{api.example: {{answer: 10.9.9.9}}, "*.slow.example": {{delay: 700ms, answer: 10.9.9.8}}}}}}
  late: {{image: syntheticnet, command: sleep 3000}}
"""
RESOLVER = "65314"
NOT_FOUND, AGAIN = socket.EAI_NONAME, socket.EAI_AGAIN


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    stack = tmp_path_factory.mktemp("dns") / "dns.yaml"
    stack.write_text(STACK)
    with lab_up(NAME, stack), Lab.attach(NAME) as lab:
        yield lab


def inside(client: str) -> str:
    return docker("ps", "--quiet", "--filter", f"name=synthlab-{NAME}-{client}-1").strip()


def ask(where: str, mode: str, *arguments: object) -> dict[str, Any]:
    return Traffic(where, mode, *arguments, script="resolving.py").result()


def found(client: str, *names: str) -> dict[str, Any]:
    return {name: one["found"] for name, one in ask(inside(client), "names", *names).items()}


def counts(lab: Lab, client: str, name: str) -> Mapping[str, int]:
    names: Mapping[str, Mapping[str, int]] = lab[client].state().answer["dns"]["names"]
    return names[name]


def processes(client: str) -> list[str]:
    """The processes of the resolver's user, by their ids on the host."""
    rows = docker("top", inside(client), "-eo", "pid,uid").splitlines()[1:]
    return [row.split()[0] for row in rows if row.split()[1] == RESOLVER]


@pytest.mark.usefixtures("lab")
def test_from_the_start() -> None:
    """The application's very first look-up is conditioned; delays add up with made-up answers."""
    until(lambda: docker("exec", inside("early"), "cat", "/tmp/first") != "", 5)
    assert docker("exec", inside("early"), "cat", "/tmp/first").startswith("10.9.9.9 ")
    answer = ask(inside("early"), "names", "www.slow.example")["www.slow.example"]
    assert answer["found"] == ["10.9.9.8"]
    assert 0.7 <= answer["took_s"] < 2
    assert found("early", "late")["late"] not in (NOT_FOUND, AGAIN)


def test_nothing_runs_without_it(lab: Lab) -> None:
    """Without `dns` there is no process, and no rule, between programs and the engine."""
    assert processes("early")
    assert processes("late") == []
    assert "synthlab-names" not in docker("exec", inside("late"), "nft", "list", "tables")
    assert "dns" not in lab["late"].state().answer


def test_for_a_time(lab: Lab) -> None:
    """A running client's look-ups fail at once, over UDP and TCP, and are as they were when the lease has ended."""
    late = inside("late")
    before = found("late", "early")
    assert ask(late, "direct", "early") == {"udp": 0, "tcp": 0}
    synthlab("set", "late", "--lab", NAME, "--dns", "early=nxdomain", "--dns", "gone.example=servfail", "--for", "3s")
    assert found("late", "early", "gone.example") == {"early": NOT_FOUND, "gone.example": AGAIN}
    assert ask(late, "direct", "early") == {"udp": 3, "tcp": 3}
    shown = synthlab("show", "late", "--lab", NAME).stdout
    assert re.search(r"late +early +answer nxdomain +\d", shown)
    assert counts(lab, "late", "early")["failed"] == counts(lab, "late", "early")["lookups"] > 2
    until(lambda: not lab["late"].state().leases, 5)
    assert found("late", "early") == before
    assert ask(late, "direct", "early") == {"udp": 0, "tcp": 0}


@pytest.mark.soak
def test_a_killed_resolver(lab: Lab) -> None:
    """It is restarted with the same conditions, and reported; no look-up gets past it."""
    with lab["late"].set(dns={"early": {"answer": "nxdomain"}}):
        (pid,) = processes("late")
        os.kill(int(pid), signal.SIGKILL)
        assert found("late", "early") == {"early": NOT_FOUND}
        until(lambda: lab["late"].state().answer["dns"]["restarts"] == 1, 5)
    assert "the resolver was restarted once" in synthlab("show", "late", "--lab", NAME).stdout
    assert "the resolver exited (SIGKILL); restarted" in docker_log(inside("late"))


def test_a_neighbour_cannot_use_it(lab: Lab) -> None:
    """Neither at the client's address, nor by frames for its loopback: the resolver is never asked."""
    early = inside("early")
    rules = docker("exec", early, "nft", "list", "table", "ip", "synthlab-names")
    ports = re.findall(r"dnat to 127\.0\.0\.1:(\d+)", rules)
    assert len(ports) == 2
    (network,) = json.loads(docker("inspect", early))[0]["NetworkSettings"]["Networks"].values()
    before = lab["early"].state().answer["dns"]["lookups"]
    with container(f"synthlab-{NAME}_default") as intruder:
        result = ask(intruder, "intrude", network["IPAddress"], network["MacAddress"], "53", *ports)
    assert result["sent"] == 6
    assert set(result["heard"]) <= {"ConnectionRefusedError", "TimeoutError"}
    assert lab["early"].state().answer["dns"]["lookups"] == before


def test_bad_values(lab: Lab) -> None:
    """One line; nothing changes."""
    with pytest.raises(WrongUse, match=r"dns\.early\.answer: 'none' is not nxdomain, servfail, timeout"):
        lab["late"].set(dns={"early": {"answer": "none"}})
    error = synthlab("set", "late", "--lab", NAME, "--dns", "early=slow", status=2).stderr
    allowed = "a delay such as 3s, nxdomain, servfail, timeout or addresses; none removes it"
    assert error.strip() == f"synthlab: --dns: early: 'slow' is not {allowed}"


@pytest.mark.soak
def test_a_container_without_the_engines_name_server() -> None:
    """It says so and does not start: nothing would be conditioned."""
    rights = ["--cap-add", "NET_ADMIN", "--cap-add", "NET_RAW"]
    conditions = 'SYNTHLAB_CONDITIONS={"dns": {"*": {"delay": "1s"}}}'
    command = ["docker", "run", "--rm", *rights, "-e", conditions, "syntheticnet", "true"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 3
    line = "synthlab: dns: requires the engine's name server 127.0.0.11, as on the network of a lab; this container "
    assert done.stderr.startswith(line)


PAGES = f"""\
name: {NAME}-pages
clients:
  browser: {{app: chrome, url: "about:blank", headless: true}}
  web: {{image: syntheticnet, command: python3 -m http.server 8000}}
"""


@pytest.mark.soak
def test_chromium(tmp_path: Path) -> None:
    """Its look-ups are conditioned, too; what it has looked up before, it remembers."""
    from playwright.sync_api import Error, sync_playwright

    stack, name = tmp_path / "pages.yaml", f"{NAME}-pages"
    stack.write_text(PAGES)
    with lab_up(name, stack), Lab.attach(name) as lab, sync_playwright() as made:
        context = made.chromium.connect_over_cdp(lab["browser"].cdp_url).contexts[0]

        def open_page(host: str) -> float:
            """Open a page of this host in a new tab; how long that takes, in s."""
            page, began = context.new_page(), time.monotonic()
            try:
                page.goto(f"http://{host}:8000/")
                return time.monotonic() - began
            finally:
                page.close()

        web = _address(f"synthlab-{name}-web-1")
        open_page("web")
        gone, lie, slow = {"answer": "nxdomain"}, {"answer": web}, {"answer": web, "delay": "2s"}
        lab["browser"].set(dns={"lie.example": lie, "slow.example": slow, "gone.example": gone, "web": gone})
        open_page("lie.example")
        assert 2 <= open_page("slow.example") < 8
        with pytest.raises(Error, match="ERR_NAME_NOT_RESOLVED"):
            open_page("gone.example")
        open_page("web")
        names = lab["browser"].state().answer["dns"]["names"]
        assert names["lie.example"]["made_up"] == names["lie.example"]["lookups"] > 0
        assert names["slow.example"]["delayed"]
        assert names["gone.example"]["failed"]
        assert names["web"]["lookups"] == 0


def _address(name: str) -> str:
    networks = json.loads(docker("inspect", name))[0]["NetworkSettings"]["Networks"]
    return next(str(one["IPAddress"]) for one in networks.values())
