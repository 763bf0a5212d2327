"""Traces that exceed a client's limits are reported before anything starts, with names and sizes."""

from __future__ import annotations

from pathlib import Path

import pytest

from synthlab.cli.condition_flags import take_files
from synthlab.errors import WrongUse
from synthlab.scenario import check_scenario
from synthlab.stack import read_stack
from synthlab.testing import fake_backend

from ..cli.commands.command import run

pytestmark = pytest.mark.issue(10)

KEPT = "at most 32 files and 16 MB per client"
STACK = "clients: {a: {image: syntheticnet}, b: {image: syntheticnet}}\n"


def trace(folder: Path, name: str, size_mb: float) -> str:
    """Write a trace of this size, mostly a comment; returns its name."""
    head = ("#" * 63 + "\n") * int(size_mb * (1 << 14))
    (folder / name).write_text(f"{head}9\n")
    return name


def check(folder: Path, *steps: str) -> None:
    (folder / "stack.yaml").write_text(STACK)
    (folder / "some.yaml").write_text("\n".join(["stack: stack.yaml", "steps:", *(f"- {step}" for step in steps)]))
    check_scenario(str(folder / "some.yaml"))


def step(client: str, name: str) -> str:
    return f"{{trace: {client}, egress: {name}, for: 1s}}"


def test_one_that_is_too_large(tmp_path: Path) -> None:
    """A too large trace is rejected in a stack, a step and a flag, with its name and size."""
    name = trace(tmp_path, "lte.up", 20)
    result = r"lte\.up: is 20 MB; at most 16 MB is allowed"
    with pytest.raises(WrongUse, match=rf"some.yaml:3: steps\[0\]\.egress: .*{result}"):
        check(tmp_path, step("a", name))
    (tmp_path / "own.yaml").write_text(f"clients:\n  a: {{image: a, network: {{egress: {{rate_trace: {name}}}}}}}\n")
    with pytest.raises(WrongUse, match=rf"own.yaml:2: clients\.a\.network\.egress\.rate_trace: .*{result}"):
        read_stack(str(tmp_path / "own.yaml"))
    with pytest.raises(WrongUse, match=rf"--rate-trace: .*{result}"):
        take_files({"rate_trace": str(tmp_path / name)})
    backend, _ = fake_backend("call")
    assert run("set", "client1", "--rate-trace", str(tmp_path / name), backend=backend) == 2


def test_several_that_are_too_large_together(tmp_path: Path) -> None:
    """Sizes add up per client over the scenario's steps and its stack."""
    one, two = trace(tmp_path, "one.up", 10), trace(tmp_path, "two.up", 10)
    check(tmp_path, step("a", one), step("b", two), step("a", one))
    with pytest.raises(WrongUse, match=rf"some.yaml:4: steps\[1\]: a: two.up: is 10.00 MB \(2 files, .*{KEPT}"):
        check(tmp_path, step("a", one), step("a", two))
    values = {"rate_trace": str(tmp_path / one), "delay_trace": str(tmp_path / two)}
    (tmp_path / two).write_text((tmp_path / two).read_text().replace("9", "0 5"))
    with pytest.raises(WrongUse, match=rf"two.up: is 10.00 MB \(2 files, 20.00 MB in total\); {KEPT}"):
        take_files(values)


def test_too_many(tmp_path: Path) -> None:
    """33 small files are one too many."""
    names = [trace(tmp_path, f"{number}.up", 0.00001) for number in range(33)]
    check(tmp_path, *(step("a", name) for name in names[:32]))
    with pytest.raises(WrongUse, match=rf"a: 32.up: is .* \(33 files, .* in total\); {KEPT}"):
        check(tmp_path, *(step("a", name) for name in names))


def test_a_name_that_cannot_be_uploaded(tmp_path: Path) -> None:
    """A file name that clients would reject is reported beforehand too."""
    name = trace(tmp_path, "my lte (1).up", 0.00001)
    with pytest.raises(WrongUse, match="is not the name of an uploaded rate trace: letters, digits"):
        check(tmp_path, step("a", f"'{name}'"))
