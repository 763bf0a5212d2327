"""Completion in a shell."""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from synthlab.cli.main import main
from synthlab.testing import fake_backend

SYNTHLAB = str(Path(sys.executable).with_name("synthlab"))
DOCKER = """\
#!/bin/sh
[ $1 = service ] && echo 'Error response from daemon: This node is not a swarm manager.' && exit 1
printf 'call\\tclient1\\tclient1\\tclient\\t\\n'
printf 'call\\tbot-1\\tbot\\tclient\\t\\n'
printf 'mine\\t\\t\\tsfu\\t\\n'
"""
MANAGER = """\
#!/bin/sh
[ $2 = ls ] && {hangs}
[ $2 = ls ] && printf 's1\\ns2\\n'
[ $2 = inspect ] && printf 'wide\\tclient1\\tclient1\\tclient\\nwide\\tfar-1\\tfar\\tclient\\n'
[ $1 = ps ] && printf 'call\\tclient2\\tclient2\\tclient\\t\\n'
exit 0
"""


@pytest.fixture
def engine(tmp_path: Path) -> Path:
    """A folder with a docker command that lists two labs, and with stack files."""
    file = tmp_path / "docker"
    file.write_text(DOCKER)
    file.chmod(0o755)
    (tmp_path / "cases" / "more").mkdir(parents=True)
    for name in ("mine.yaml", "other.yml", "readme.md", ".hidden.yaml"):
        (tmp_path / "cases" / name).touch()
    return tmp_path


def completed(line: str, engine: Path, command: Sequence[str] = (SYNTHLAB,)) -> list[str]:
    """Bash's completions for the last word of a line."""
    words = line.split(" ")
    asked = {"COMP_WORDS": line, "COMP_CWORD": str(len(words) - 1), "_SYNTHLAB_COMPLETE": "complete_bash"}
    environment = {**os.environ, **asked, "PATH": f"{engine}:{os.environ['PATH']}"}
    return subprocess.run(
        command, cwd=engine, env=environment, capture_output=True, text=True, check=True
    ).stdout.split()


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("synthlab selft", ["selftest"]),
        ("synthlab show ", ["bot", "bot-1", "client1", "sfu"]),
        ("synthlab restart b", ["bot", "bot-1"]),
        ("synthlab partition cl", ["client1"]),
        ("synthlab partition client1 s", ["sfu"]),
        ("synthlab ps --lab m", ["mine"]),
        ("synthlab show --lab mine ", ["sfu"]),
        ("synthlab set bot --profile wpt/3g-", ["wpt/3g-fast", "wpt/3g-slow"]),
        ("synthlab set bot --flow *:t", ["*:tcp"]),
        ("synthlab set bot --aqm ", ["droptail", "codel", "fq_codel", "pie", "none"]),
        ("synthlab set bot --distribution p", ["pareto", "paretonormal"]),
        ("synthlab images save ja", ["janus"]),
        ("synthlab completion show z", ["zsh"]),
        ("synthlab scenario show dog", ["dog-chews-fiber"]),
        ("synthlab scenario check rate", ["rate-sine"]),
        ("synthlab profile show wpt/3g-", ["wpt/3g-fast", "wpt/3g-slow"]),
        ("synthlab profile list loa", ["loadero"]),
        ("synthlab scenario schema st", ["stack"]),
        ("synthlab up ca", ["cases/", "call.yaml"]),
        ("synthlab up cases/", ["cases/mine.yaml", "cases/more/", "cases/other.yml"]),
        ("synthlab render ./cases/m", ["./cases/mine.yaml", "./cases/more/"]),
        ("synthlab scenario run cases/o", ["cases/other.yml"]),
    ],
)
def test_words(line: str, words: list[str], engine: Path) -> None:
    """Commands, labs, clients, groups, flows, profiles, words of conditions, scenarios and images are completed."""
    assert completed(line, engine) == words


@pytest.mark.issue(14)
def test_a_swarm(engine: Path) -> None:
    """The labs on a swarm and their clients are completed beside those of this machine."""
    (engine / "docker").write_text(MANAGER.format(hangs="true"))
    assert completed("synthlab show ", engine) == ["client2", "client1", "far", "far-1"]
    assert completed("synthlab ps --lab ", engine) == ["call", "wide"]
    assert completed("synthlab show --lab wide f", engine) == ["far", "far-1"]


@pytest.mark.issue(14)
def test_a_swarm_that_does_not_answer(engine: Path) -> None:
    """Its labs are left out, and nobody waits for them."""
    (engine / "docker").write_text(MANAGER.format(hangs="exec sleep 60"))
    begun = time.monotonic()
    assert completed("synthlab show ", engine) == ["client2"]
    assert time.monotonic() - begun < 5


def test_it_takes_no_time(engine: Path) -> None:
    """Completion of a client costs less than three imports of the engine's SDK, which it does without.

    That is 0.3 to 0.5 s of a core on a quiet machine, and more while others are at work: so both are measured in turn.
    """

    def cost(run: Callable[[], object]) -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        run()
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    ratios = []
    for _ in range(5):
        of_sdk = cost(lambda: subprocess.run([sys.executable, "-c", "import docker"], check=True))
        ratios.append(cost(lambda: completed("synthlab show cl", engine)) / of_sdk)
    assert statistics.median(ratios) < 3, ratios


def test_only_the_command_on_the_line_is_imported(engine: Path) -> None:
    """Nor are the engine's SDK and the HTTP library."""
    program = """
import atexit, sys
from synthlab.cli.main import main
atexit.register(lambda: print(*sys.modules))
main()
"""
    loaded = set(completed("synthlab show cl", engine, (sys.executable, "-c", program)))
    assert {"client1", "synthlab.cli.commands.conditions"} <= loaded
    assert not {"docker", "httpx", "requests", "synthlab.cli.commands.run", "synthlab.cli.commands.labs"} & loaded


def test_no_engine(tmp_path: Path) -> None:
    """If nothing answers, nothing is printed into the user's line."""
    (tmp_path / "docker").write_text("#!/bin/sh\necho no >&2\nexit 1\n")
    (tmp_path / "docker").chmod(0o755)
    assert completed("synthlab show cl", tmp_path) == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_scripts(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Each shell has a completion script."""
    backend, _ = fake_backend()
    assert main(["completion", "show", shell], backend) == 0
    assert f"_SYNTHLAB_COMPLETE=complete_{shell}" in capsys.readouterr().out
    assert main(["completion", "show", "fsh"], backend) == 2
    assert "no completion for the shell 'fsh'; did you mean fish?" in capsys.readouterr().err


def test_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Once installed, bash loads it at its next start."""
    monkeypatch.setenv("HOME", str(tmp_path))
    backend, _ = fake_backend()
    assert main(["completion", "install", "bash"], backend) == 0
    assert str(tmp_path) in capsys.readouterr().out
    assert "synthlab.sh" in (tmp_path / ".bashrc").read_text()
