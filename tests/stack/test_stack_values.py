"""Values that replace those of a stack file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from synthlab.errors import WrongUse
from synthlab.stack import Sfu, Stack, read_stack
from synthlab.stack.profiles import find_profile
from synthlab.stack.stack_values import images_of, repository_of

pytestmark = pytest.mark.issue(16)

STACK = """\
sfu: {app: janus}
clients:
  client1: {app: chrome}
  client2: {image: acme/app, network: {egress: {loss: 1%}}}
  bot: {app: bot, count: 2}
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "call.yaml"
    file.write_text(STACK)
    return file


def read(file: Path, **values: str) -> Stack:
    return read_stack(str(file), environment={}, values={key.replace("__", "."): text for key, text in values.items()})


def test_a_value_that_is_there_and_one_that_is_not(file: Path) -> None:
    """Both are as if they had been typed in the file; the rest stays."""
    stack = read(file, sfu__version="1.10", clients__bot__count="3")
    assert isinstance(stack.sfu, Sfu)
    assert stack.sfu.image.endswith(":1.10")
    assert [client.name for client in stack.clients] == ["client1", "client2", "bot-1", "bot-2", "bot-3"]


def test_the_profile_of_all(file: Path) -> None:
    """`profile` is that of every client's network; own values of a client stay."""
    stack = read(file, profile="wpt/3g")
    egress = {client.name: client.conditions.egress for client in stack.clients}
    wanted = find_profile("wpt/3g").conditions.egress
    assert egress["client1"] == egress["bot-1"] == wanted
    assert egress["client2"] == replace(wanted, loss=0.01)


@pytest.mark.parametrize(
    ("key", "error"),
    [
        ("sfu__versoin", ":1: sfu.versoin: no such key; did you mean version?"),
        ("clients__client1__app__x", ":3: clients.client1.app: 'chrome' has no key x"),
    ],
)
def test_mistakes(key: str, error: str, file: Path) -> None:
    """They have the file and line of what is around them."""
    with pytest.raises(WrongUse) as caught:
        read(file, **{key: "1"})
    assert caught.value.message.startswith(f"{file}{error}")


def test_images(file: Path) -> None:
    """The keys whose image is of a repository, whatever its tag."""
    assert images_of(file, "acme/app") == ["clients.client2.image"]
    assert images_of(file, "acme/ap") == []
    names = ["app", "app:1", "host:5000/app", "host:5000/app:1", "app@sha256:00", "host:5000/app:1@sha256:00"]
    assert [repository_of(name) for name in names] == [
        "app",
        "app",
        "host:5000/app",
        "host:5000/app",
        "app",
        "host:5000/app",
    ]
