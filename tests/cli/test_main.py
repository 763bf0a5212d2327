"""The command line: help, errors, interrupts; run in this process on a lab without Docker."""

from __future__ import annotations

import pytest

from synthlab.cli.main import main
from synthlab.testing import fake_backend

from .commands.command import run


def test_version_and_help(capsys: pytest.CaptureFixture[str]) -> None:
    """Help and version go to the output; no command at all is wrong use, answered with the help."""
    backend, _ = fake_backend()
    assert run("--version", backend=backend) == 0
    assert run("set", "--help", backend=backend) == 0
    assert "--jitter-share" in capsys.readouterr().out
    assert run(backend=backend) == 2
    assert "Usage: synthlab" in capsys.readouterr().out


MISTAKES = {
    "unknown command": (("upp",), 2, "No such command 'upp'."),
    "unknown flag": (("set", "client1", "--los", "5%"), 2, "No such option: --los"),
    "flag without value": (("set", "client1", "--loss"), 2, "Option '--loss' requires an argument."),
    "share above 100 %": (("set", "client1", "--loss", "120%"), 2, "--loss: '120%' is not between 0% and 100%; "),
    "bare number": (("set", "client1", "--latency", "80"), 2, "--latency: '80' is not a time such as 80ms, 1.5s or "),
    "bad rate": (("set", "client1", "--rate", "fast"), 2, "--rate: 'fast' is not a rate such as 500kbit, 1.5mbit"),
    "bad law": (("set", "client1", "--distribution", "x"), 2, "--distribution: 'x' is not one of uniform, one-sided"),
    "nothing to set": (("set", "client1"), 2, "nothing to set: give a value such as --loss 5%, or a --profile"),
    "bad lease": (("set", "client1", "--loss", "5%", "--for", "10"), 2, "--for: '10' is not a time such as 500ms"),
    "bad time": (("set", "client1", "--loss", "5%", "--in", "soon"), 2, "--in: 'soon' is not a time such as 500ms"),
    "no such file": (("set", "client1", "--rate-trace", "./train"), 2, "--rate-trace: train: No such file or direct"),
    "not uploaded": (("set", "client1", "--rate-trace", "train"), 2, "client1: ingress.rate_trace: train: no such fi"),
    "no client": (("set", "--loss", "5%"), 2, "Missing argument 'NAME'. (see `synthlab set --help`)"),
    "unknown client": (("set", "cleint2", "--loss", "5%"), 2, "no client 'cleint2' in lab 'call'; did you mean cli"),
    "unknown profile": (("set", "client1", "--profile", "wpt/4gg"), 2, "no such profile 'wpt/4gg'; did you mean wp"),
    "bad flow": (("set", "client1", "--flow", "*:upd", "--loss", "5%"), 2, "client1: flows.*:upd: 'upd' is not a pr"),
    "queue without rate": (
        ("set", "client1", "--queue", "10p"),
        2,
        "client1: ingress.queue: requires rate or rate_trace",
    ),
    "bad seed": (("set", "client1", "--seed", "x"), 2, "Invalid value for '--seed': "),
    "negative seed": (("set", "client1", "--seed", "-1"), 2, "client1: seed: -1 is not a whole number from 0 to "),
    "unknown lab": (("show", "--lab", "cal"), 2, "no lab 'cal' is up; did you mean call?"),
    "unknown lab to list": (("ps", "--lab", "cal"), 2, "no lab 'cal' is up; did you mean call?"),
    "timeout of zero": (("up", "call", "--timeout", "0"), 2, "Invalid value for '--timeout': "),
    "watch and json": (("stats", "--watch", "--json"), 2, "--watch and --json cannot be combined"),
    "superfluous argument": (("down", "call", "other"), 2, "Got unexpected extra argument"),
    "ttl without unit": (("up", "call", "--ttl", "2"), 2, "--ttl: '2' is not a time such as 500ms, 10s, 5min or 1h"),
    "ttl too short": (("up", "call", "--ttl", "0.5s"), 2, "--ttl: '0.5s' is not a time from 1s to 86400s"),
    "bad since": (("logs", "--since", "yesterday"), 2, "--since: 'yesterday' is not a time such as"),
    "logs of nobody": (("logs", "cleint1"), 2, "no client 'cleint1' in lab 'call'; did you mean client1?"),
    "nothing to run": (("exec", "client1"), 2, "Missing argument 'COMMAND...'"),
    "two to open": (("open", "client1", "--screen", "--page"), 2, "--screen and --page cannot be combined"),
    "no screen": (("open", "client1", "--screen"), 3, "client1 has no screen: it is headless"),
    "no such image": (("images", "build", "chrom"), 2, "no bundled image 'chrom'; did you mean chrome?"),
    "near command": (("restrt", "client1"), 2, "No such command 'restrt'. Did you mean 'restart'"),
    "images without command": (("images",), 2, "Missing command."),
}


@pytest.mark.parametrize(("arguments", "status", "expected"), MISTAKES.values(), ids=MISTAKES.keys())
def test_mistakes(arguments: tuple[str, ...], status: int, expected: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Every mistake is one line on stderr with the status of wrong use, and changes nothing."""
    backend, apis = fake_backend("call")
    assert main(arguments, backend) == status
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.startswith(f"synthlab: {expected}")
    assert output.err.count("\n") == 1
    assert all(api.conditions.perfect for api in apis.values())


def test_debug_shows_the_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    """With --debug, anywhere on the line, a traceback precedes the error; the exit status is the same."""
    backend, _ = fake_backend("call")
    assert run("show", "x", "--debug", backend=backend) == 2
    output = capsys.readouterr().err
    assert output.startswith("Traceback")
    assert output.splitlines()[-1].startswith("synthlab: no client 'x'")


def test_interrupt(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Ctrl-C ends quietly with 130."""
    backend, _ = fake_backend("call")

    def interrupted() -> list[str]:
        raise KeyboardInterrupt

    monkeypatch.setattr(backend.engine, "labs", interrupted)
    assert run("down", backend=backend) == 130
    assert capsys.readouterr() == ("", "")
