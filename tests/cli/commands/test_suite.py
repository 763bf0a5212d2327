"""`synthlab test`: what is wrong is found before anything starts."""

from __future__ import annotations

import pytest

from synthlab.cli.commands.suite import read_setting
from synthlab.cli.main import main
from synthlab.errors import WrongUse
from synthlab.testing import fake_backend

pytestmark = pytest.mark.issue(13)


@pytest.mark.parametrize(
    ("text", "name", "change"),
    [
        ("web:egress.loss=5%", "web", {"egress": {"loss": "5%"}}),
        ("web:latency=80ms", "web", {"ingress": {"latency": "80ms"}, "egress": {"latency": "80ms"}}),
    ],
)
def test_values(text: str, name: str, change: dict[str, object]) -> None:
    """In one direction, or both."""
    setting = read_setting(text)
    assert (setting.name, setting.change) == (name, change)


def test_a_profile() -> None:
    setting = read_setting("db=wpt/3g")
    assert (setting.name, setting.change["egress"]["rate"]) == ("db", "768kbit")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("web", "'web' is not of the form NAME=PROFILE or NAME:egress.loss=5%"),
        ("web=", "'web=' is not of the form"),
        ("=wpt/3g", "'=wpt/3g' is not of the form"),
        ("web:=5%", "'web:=5%' is not of the form"),
        ("web=wpt/9g", "web=wpt/9g: no such profile 'wpt/9g'; did you mean wpt/"),
        ("web:egres.loss=5%", "web:egres.loss=5%: egres: "),
        ("web:egress.los=5%", "web:egress.los=5%: egress.los: no such condition; did you mean loss?"),
        ("web:egress.loss=5", "web:egress.loss=5: egress.loss: '5' is not"),
    ],
)
def test_bad_values(text: str, message: str) -> None:
    """One line that names the flag and the value."""
    with pytest.raises(WrongUse) as caught:
        read_setting(text)
    assert caught.value.message.removeprefix("--set").lstrip(": ").startswith(message)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--", "true"], "name a stack, such as `call.yaml`, or a Compose file of your own with -f"),
        (
            ["--stack", "call", "--set", "cleint2=wpt/3g", "--", "true"],
            "--set: no client 'cleint2' in this lab; did you",
        ),
        (
            ["--stack", "call", "--in", "cleint2", "--", "true"],
            "--in: no service or client 'cleint2' in this lab; did you",
        ),
        (["--stack", "call", "-f", "compose.yaml", "--", "true"], "-f: not together with the stack call"),
        (["--stack", "call"], "Missing argument '-- COMMAND...'"),
    ],
)
def test_wrong_use(words: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    backend, _ = fake_backend("other")
    assert main(["test", *words], backend) == 2
    assert message in capsys.readouterr().err.splitlines()[-1]
    assert [container.lab for container in backend.engine.containers()] == ["other", "other"]


@pytest.mark.issue(15)
@pytest.mark.parametrize("text", ["db:netem=loss 2% 30%", "db:egress.netem=loss 2% 30%"])
def test_words_of_netem(text: str) -> None:
    """They are translated, and the translation is kept to be shown."""
    setting = read_setting(text)
    place = text.partition("=")[0]
    values = {name: value for name, value in setting.change["egress"].items() if value is not None}
    assert values == {"loss": "2%", "loss_correlation": "30%"}
    assert ("ingress" in setting.change) == (place == "db:netem")
    assert setting.translated[0] == f"--set {place}: loss 2%, loss_correlation 30%"
    assert len(setting.translated) == 2


@pytest.mark.issue(15)
def test_bad_words_of_netem() -> None:
    """One line, with the flag and the option."""
    with pytest.raises(WrongUse, match=r"^--set db:netem=los 2%: netem: 'los' is not an option; did you mean loss\?"):
        read_setting("db:netem=los 2%")
