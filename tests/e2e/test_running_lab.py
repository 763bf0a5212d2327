"""`scenario run` on a lab that is up under the name of its stack: used if it is one of that stack, else refused."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from .labs import lab_up, synthlab

pytestmark = [pytest.mark.docker, pytest.mark.issue(16)]

LAB = "gate-running"
STACK = f"""\
name: {LAB}
clients:
  client1: {{image: syntheticnet, command: sleep 3000}}
  client2: {{image: syntheticnet, command: sleep 3000}}
"""
RUN = ("scenario", "run", "s.yaml", "--retry-inconclusive", "2")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where the stack and the scenario are; the lab is up."""
    folder = tmp_path_factory.mktemp("running")
    (folder / "pair.yaml").write_text(STACK)
    (folder / "s.yaml").write_text("stack: pair.yaml\nsteps:\n  - {expect: client1.egress.queued < 100, within: 5s}\n")
    with lab_up(LAB, folder / "pair.yaml", "--ttl", "10min"):
        yield folder


@pytest.fixture(autouse=True)
def there(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(folder)
    yield
    (folder / "pair.yaml").write_text(STACK)


def test_the_same_stack() -> None:
    """It is used, also after its conditions were changed and reset."""
    synthlab("set", "client2", "--egress", "--loss", "5%", "--lab", LAB)
    synthlab("reset", "client2", "--lab", LAB)
    assert f"using the running lab {LAB}" in synthlab(*RUN).stderr


@pytest.mark.parametrize(
    ("changed", "difference"),
    [
        (STACK.replace("client2", "client3"), "has no client3, which pair.yaml has"),
        (
            STACK.replace("3000", "3001"),
            "pair.yaml has changed since, or it was",
        ),
    ],
)
def test_another_stack(changed: str, difference: str, folder: Path) -> None:
    """It is refused with what differs, and used if it is named."""
    (folder / "pair.yaml").write_text(changed)
    refused = synthlab(*RUN, status=2).stderr
    assert refused.startswith(f"synthlab: the lab '{LAB}' is up, but {difference}")
    assert len(refused.splitlines()) == 1
    if "client3" not in changed:
        assert f"using the running lab {LAB}" in synthlab(*RUN, "--lab", LAB).stderr
