"""Which files the lab API reads, and whose."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from synthlab.testing import fake_backend

from ..scenario.files import STACK
from .served import Served, serving

ACTING = "stack: call.yaml\nsteps:\n  - exec: [touch, x]\n    in: host\n"
OUTSIDE = "outside the folder that the server was started in"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a way out: a link to a file beside it."""
    (tmp_path / "inner").mkdir()
    for name in ("call.yaml", "inner/call.yaml"):
        (tmp_path / name).write_text(STACK)
    (tmp_path / "train.mahi").write_text("1\n")
    (tmp_path / "office.yaml").write_text("source: x\ndelay: one-way\nprofiles: {slow: {egress: {rate: 1mbit}}}\n")
    (tmp_path / "s.yaml").write_text("stack: call.yaml\nsteps: [{wait: 1s}]\n")
    (tmp_path / "inner" / "link.yaml").symlink_to(tmp_path / "call.yaml")
    (tmp_path / "inner" / "away.yaml").write_text("stack: ../call.yaml\nsteps: [{wait: 1s}]\n")
    (tmp_path / "inner" / "acting.yaml").write_text(ACTING)
    return tmp_path / "inner"


@pytest.fixture
def guarded(folder: Path) -> Iterator[Served]:
    backend, by_id = fake_backend("call")
    with serving(folder, backend, {api.name: api for api in by_id.values()}) as served:
        yield served


@pytest.mark.parametrize("name", ["../call.yaml", "link.yaml", "/etc/passwd", "{}/call.yaml", "x/../../call.yaml"])
def test_stacks(name: str, guarded: Served, folder: Path) -> None:
    """Nothing outside the folder: not by `..`, a full path, or a symbolic link."""
    body = {"stack": name.format(folder.parent), "name": "other"}
    assert OUTSIDE in guarded.error("POST", "/v1/labs", body, 403)
    assert OUTSIDE in guarded.error("POST", "/v1/runs", {"scenario": name.format(folder.parent)}, 403)
    assert guarded.engine.calls == []


def test_only_files(guarded: Served, folder: Path) -> None:
    """A pipe, which would never end, is refused and not listed; nor is a link to a file outside."""
    os.mkfifo(folder / "pipe.yaml")
    assert guarded.error("POST", "/v1/labs", {"stack": "pipe.yaml"}) == "pipe.yaml is not a file"
    assert guarded.error("POST", "/v1/runs", {"scenario": "pipe.yaml"}) == "pipe.yaml is not a file"
    for kind in ("stacks", "scenarios"):
        own = {one["file"] for one in guarded.ask("GET", f"/v1/{kind}")[kind] if not one["bundled"]}
        assert own == ({"call.yaml"} if kind == "stacks" else {"away.yaml", "acting.yaml"})


@pytest.mark.parametrize("kind", ["stacks", "scenarios"])
def test_too_large(kind: str, guarded: Served, folder: Path) -> None:
    """A large file is refused in a line, listed with it, and not read to its end: this one has 8 GB."""
    text = {"stacks": f"# Large\n{STACK}", "scenarios": "stack: call.yaml\nsteps: [{wait: 1s}]\n"}[kind]
    (folder / "large.yaml").write_text(text)
    os.truncate(folder / "large.yaml", 8 << 30)
    path, key = {"stacks": ("/v1/labs", "stack"), "scenarios": ("/v1/runs", "scenario")}[kind]
    line = "large.yaml: cannot be read: is 8192 MB; at most 256 kB is allowed"
    assert guarded.error("POST", path, {key: "large.yaml"}).endswith(f"/{line}")
    assert guarded.engine.calls == []
    listed = {one["file"]: one.get("error") for one in guarded.ask("GET", f"/v1/{kind}")[kind]}
    assert listed["large.yaml"] == line


def test_a_scenario_that_cannot_be_read(guarded: Served, folder: Path) -> None:
    """It is listed with its mistake."""
    (folder / "broken.yaml").write_text("stack: call.yaml\nsteps: [\n")
    (one,) = [one for one in guarded.ask("GET", "/v1/scenarios")["scenarios"] if one["file"] == "broken.yaml"]
    assert one["error"].startswith("broken.yaml:3: not YAML: ")
    assert guarded.error("POST", "/v1/runs", {"scenario": "broken.yaml"}).endswith(f"/{one['error']}")


def test_a_large_trace(guarded: Served, folder: Path) -> None:
    """Traces have a bound, too."""
    os.truncate(folder.parent / "train.mahi", 8 << 30)
    (folder.parent / "train.mahi").rename(folder / "train.mahi")
    body = {"clients": ["client1"], "change": {"egress": {"rate_trace": "train.mahi"}}}
    assert "at most 16 MB is allowed" in guarded.error("PATCH", "/v1/labs/call/conditions", body)
    assert guarded.apis["client1"].files == {}


def test_a_stack_of_a_scenario(guarded: Served) -> None:
    """A scenario in the folder may not name a stack outside."""
    assert OUTSIDE in guarded.error("POST", "/v1/runs", {"scenario": "away.yaml"}, 403)


@pytest.mark.parametrize(
    ("change", "profile"),
    [({"egress": {"rate_trace": "../train.mahi"}}, None), ({}, "../office.yaml#slow")],
)
def test_traces_and_profiles(change: dict[str, object], profile: str | None, guarded: Served) -> None:
    """Neither are traces, tables and profiles read from outside."""
    body = {"clients": "all", "change": change} | ({"profile": profile} if profile else {})
    assert OUTSIDE in guarded.error("PATCH", "/v1/labs/call/conditions", body, 403)
    assert guarded.apis["client1"].files == {}


def test_own_files(guarded: Served, folder: Path) -> None:
    """Files of the folder are uploaded with the change that names them."""
    (folder / "train.mahi").write_text("1\n2\n")
    body = {"clients": ["client1"], "change": {"egress": {"rate_trace": "train.mahi"}}}
    guarded.ask("PATCH", "/v1/labs/call/conditions", body)
    assert guarded.apis["client1"].files == {"train.mahi": "1\n2\n"}


def test_actions_with_your_rights(guarded: Served) -> None:
    """A scenario from outside the project needs permission for them, as on the command line."""
    error = guarded.error("POST", "/v1/runs", {"scenario": "acting.yaml"}, 403)
    assert 'is outside your project; allow it with "allow_host": true' in error
    assert guarded.ask("GET", "/v1/runs") == {"runs": []}
    (guarded.dashboard.folder.path / "Dockerfile").write_text("FROM scratch\n")
    (guarded.dashboard.folder.path / "building.yaml").write_text(f"{STACK}  own: {{build: .}}\n")
    assert "builds" in guarded.error("POST", "/v1/labs", {"stack": "building.yaml"}, 403)
