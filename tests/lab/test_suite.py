"""A suite of one's own in a lab that is not there: settings, exit status, evidence."""

from __future__ import annotations

from pathlib import Path

import pytest

from synthlab.errors import WrongUse
from synthlab.lab.lab import Lab
from synthlab.lab.suite import Setting, SuiteResult, run_suite
from synthlab.testing import fake_backend

pytestmark = pytest.mark.issue(13)

SLOW = Setting(name="client2", change={"egress": {"latency": "50ms"}})


def test_settings_are_in_force(tmp_path: Path) -> None:
    """They are applied in order before the suite runs, to groups too; a suite that passes leaves no evidence."""
    backend, apis = fake_backend("call", groups={"bot-1": "bot", "bot-2": "bot"})
    seen: dict[str, object] = {}

    def suite() -> int:
        seen.update({name: api.conditions.to_dict() for name, api in apis.items()})
        return 0

    more = [
        Setting(name="client2", change={"egress": {"loss": "5%"}}),
        Setting(name="bot", change={"ingress": {"rate": "1mbit"}}),
    ]
    with Lab(backend, "call", backend.engine.containers("call")) as lab:
        result = run_suite(lab, [SLOW, *more], suite, tmp_path / "evidence")
    assert (result.status, result.evidence, result.problems) == (0, {}, ())
    assert seen["call/client2"] == {"egress": {"loss": "5%", "latency": "50ms"}}
    assert seen["call/bot-1"] == seen["call/bot-2"] == {"ingress": {"rate": "1mbit"}}
    assert not (tmp_path / "evidence").exists()


@pytest.mark.parametrize("status", [1, 130, 137])
def test_a_suite_that_does_not_pass(status: int, tmp_path: Path) -> None:
    """Its status is kept, and so is evidence."""
    backend, _ = fake_backend("call")
    with Lab(backend, "call", backend.engine.containers("call")) as lab:
        result = run_suite(lab, [SLOW], lambda: status, tmp_path)
    assert result.status == status
    assert (tmp_path / result.evidence["conditions of all clients"]).read_text()


def test_an_unknown_name(tmp_path: Path) -> None:
    """The suite is not run."""
    backend, _ = fake_backend("call")
    wrong = Setting(name="wbe", change={})
    with (
        Lab(backend, "call", backend.engine.containers("call")) as lab,
        pytest.raises(WrongUse, match="no client 'wbe'"),
    ):
        run_suite(lab, [wrong], lambda: pytest.fail("the suite ran"), tmp_path)


def test_exit_code() -> None:
    """The suite's own, but 3 where the lab was too slow, whatever the suite said."""
    assert [SuiteResult(status=status).exit_code for status in (0, 1, 137)] == [0, 1, 137]
    assert [SuiteResult(status=status, doubts=["slow"]).exit_code for status in (0, 1)] == [3, 3]
