"""Nested runs of pytest, on labs of fake clients with real rules."""

from __future__ import annotations

import pytest

import synthlab.pytest_plugin.kept
import synthlab.report  # noqa: F401
from synthlab.stack import read_stack

read_stack("call")
"""A nested run discards its imports at the end, so nothing from such modules may stay cached."""

# In place of Docker: labs of two clients, whose ups and downs are logged to a file.
CONFTEST = """
from pathlib import Path
import pytest
from synthlab import Lab, SynthlabError
from synthlab.testing import FakeClientApi, fake_container, fake_backend
from synthlab.pytest_plugin import LABS, RUN
from synthlab.pytest_plugin.labs import Labs

WORLD, APIS = fake_backend("theirs")
EVENTS = Path("events.txt")

def note(*words):
    with EVENTS.open("a") as file:
        print(*words, file=file)

def up(stack, name, *, ttl, engine, registry, backend):
    if engine:
        note("on", engine, registry)
    for index, client in enumerate(("client1", "client2"), 1):
        container = fake_container(name, client, index=index)
        backend.engine.present.append(container)
        APIS[container.id] = FakeClientApi(client)
    note("up", Path(stack).name, name.replace(RUNS[0].token, "TOKEN"), ttl)
    lab = Lab(backend, name, backend.engine.containers(name))
    lab.keep = False
    return lab

class Watched:
    for_report = None

    def __init__(self, backend, lab):
        self.lab = lab

    def watch(self, clients):
        note("watch", *clients)

    def collect(self, folder):
        try:
            folder.mkdir(parents=True)
        except OSError:
            raise SynthlabError(f"evidence cannot be written to {folder}") from None
        (folder / "conditions.json").write_text(str(APIS[f"{self.lab}/client1"].conditions.to_dict()))
        return {"conditions of all clients": "conditions.json"}

    def close(self):
        note("close")

RUNS = []

@pytest.hookimpl(trylast=True)
def pytest_configure(config):
    RUNS.append(config.stash[RUN])
    given = {name: config.getoption(f"--synthlab-{name}") for name in ("ttl", "engine", "registry")}
    config.stash[LABS] = Labs(config.stash[RUN], given, WORLD, up, Watched)

def pytest_unconfigure(config):
    note("left", *WORLD.engine.labs())
"""

STACK = "clients: {client1: {image: syntheticnet}, client2: {image: syntheticnet}}\n"


@pytest.fixture
def folder(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A folder with two stacks, and tests without Docker, in fixed order."""
    monkeypatch.setenv("PYTEST_ADDOPTS", "-p no:randomly")
    pytester.makeconftest(CONFTEST)
    for name in ("call", "other"):
        pytester.makefile(".yaml", **{name: STACK})
    return pytester
