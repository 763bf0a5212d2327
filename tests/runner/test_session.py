"""The lab a scenario runs on."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

from syntheticnet.conditions import Conditions
from synthlab.control.backend import Backend
from synthlab.deploy.compose_file import digest
from synthlab.errors import SynthlabError, WrongUse
from synthlab.runner.session import RunOptions, play
from synthlab.runner.watcher import Watcher
from synthlab.scenario import Plan, check_scenario
from synthlab.testing import FakeEngine, fake_backend

from .played import Seen

SCENARIO = """\
stack: {file}
steps:
  - wait: 1s
"""
STACK = """\
name: call
clients:
  client1: {image: syntheticnet}
"""


@pytest.mark.issue(10)
def test_a_lab_that_is_being_brought_up(tmp_path: Path) -> None:
    """While its lab is being brought up, a run is inconclusive and touches nothing."""
    (tmp_path / "call.yaml").write_text(STACK)
    file = tmp_path / "short.yaml"
    file.write_text(SCENARIO.format(file="call.yaml"))
    backend, apis = fake_backend("call")
    cast("FakeEngine", backend.engine).locked.add("call")
    record = play(check_scenario(str(file), {}), backend, RunOptions(), cast("Watcher", None), print, "run")
    assert record.verdict == "inconclusive"
    assert record.reasons[0].startswith("the lab 'call' is being brought up: ")
    assert [one.client for one in backend.engine.containers()] == ["client1", "client2"]
    assert all(not api.asked for api in apis.values())


def test_a_lab_with_its_flows_in_another_order(tmp_path: Path) -> None:
    """It is not the lab of the stack, as the first flow that matches wins; what a run changes is by `scenario`."""
    (tmp_path / "call.yaml").write_text(STACK)
    file = tmp_path / "short.yaml"
    file.write_text(SCENARIO.format(file="call.yaml"))
    backend, apis = fake_backend("call")
    api = apis["call/client1"]
    api.startup = Conditions.from_dict({"flows": {"*:udp": {}, "*:tcp": {}}})
    api.base = api.startup.changed({"order": ["*:tcp"]})
    with pytest.raises(WrongUse, match=r"^client1 does not have the conditions of its stack; "):
        play(check_scenario(str(file), {}), backend, RunOptions(), cast("Watcher", None), print, "run")
    assert {one.by for one in apis.values()} == {"scenario"}


@pytest.mark.issue(16)
@pytest.mark.parametrize(("lab", "same"), [(None, True), ("call", False)])
def test_a_lab_that_may_be_used(lab: str | None, same: bool, tmp_path: Path) -> None:
    """That of the stack, or one that is named, whatever it was made from."""
    plan = planned(tmp_path)
    backend = made_from(digest(plan.scenario.stack) if same else "another")

    def progress(text: str) -> None:
        raise SynthlabError(text)

    record = play(plan, backend, RunOptions(lab=lab), cast("Watcher", None), progress, "run")
    assert record.reasons == ("using the running lab call",)


@pytest.mark.issue(16)
def test_a_lab_of_another_stack(tmp_path: Path) -> None:
    """It is not used just because it has the name of the stack."""
    with pytest.raises(WrongUse, match=r"the lab 'call' is up, but has client2, which call\.yaml does not have: "):
        play(planned(tmp_path), made_from("another"), RunOptions(), cast("Watcher", None), print, "run")


def planned(folder: Path) -> Plan:
    (folder / "call.yaml").write_text(STACK)
    (folder / "short.yaml").write_text(SCENARIO.format(file="call.yaml"))
    return check_scenario(str(folder / "short.yaml"), {})


def made_from(digest: str) -> Backend:
    """A backend with the lab `call`, made from the stack with this digest."""
    backend, _ = fake_backend("call")
    engine = cast("FakeEngine", backend.engine)
    engine.present = [replace(one, digest=digest) for one in engine.present]
    return backend


def test_a_page_that_did_not_load(tmp_path: Path) -> None:
    """A run that fails says so, as it may be the reason."""
    (tmp_path / "call.yaml").write_text(STACK)
    file = tmp_path / "short.yaml"
    file.write_text("stack: call.yaml\nsteps:\n  - {expect: client1.video.client2.fps > 5, within: 1s}\n")
    backend, apis = fake_backend("call")
    apis["call/client1"].problem = "http://sfu/: net::ERR_CONNECTION_REFUSED"
    plan = check_scenario(str(file), {})
    record = play(plan, backend, RunOptions(lab="call", evidence=tmp_path), cast("Watcher", Seen()), print, "run")
    assert record.verdict == "failed"
    assert record.reasons[-1] == "client1: http://sfu/: net::ERR_CONNECTION_REFUSED"
