"""Another bundled media server is one entry in the list of apps; everything else follows from it."""

from __future__ import annotations

from pathlib import Path

import pytest

from synthlab.deploy.images import all_bundled, bundled_image
from synthlab.deploy.probing import metrics_ports
from synthlab.deploy.servers import join_page, server_services
from synthlab.deploy.services import client_services, sfu_condition
from synthlab.errors import WrongUse
from synthlab.stack import Ports, Stack, read_stack
from synthlab.stack.apps import SFU_APPS, SfuApp

pytestmark = pytest.mark.issue(11)

OTHER = SfuApp(
    image="synthlab/other",
    version="2.0",
    page="http://{sfu}:7000/{name}?room=1",
    parameters={"relay": "turn", "size": "video"},
    speaks="otherish",
    signalling=(7000,),
    media="40000-40009",
    probed=False,
    metrics="http://sfu:6789/metrics",
)


@pytest.fixture(autouse=True)
def _other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(SFU_APPS, "other", OTHER)


def read(folder: Path, sfu: str = "app: other", client: str = "app: chrome", top: str = "") -> Stack:
    file = folder / "lab.yaml"
    file.write_text(f"{top}sfu: {{{sfu}}}\nclients: {{c: {{{client}}}}}\n")
    return read_stack(str(file), environment={})


def opened(stack: Stack) -> str:
    (client,) = client_services(stack, {"c": Ports()})
    return client.environment["SYNTHLAB_URL"]


def test_its_page(tmp_path: Path) -> None:
    """The page gets those of its parameters that have a value, by the app's names; any other page gets none."""
    assert opened(read(tmp_path)) == "http://sfu:7000/c?room=1"
    assert opened(read(tmp_path, client="app: chrome, video: 640x360@30")) == "http://sfu:7000/c?room=1&size=640x360@30"
    stack = read(tmp_path, top="turn: {app: coturn}\n")
    assert stack.turn is not None
    assert opened(stack) == f"http://sfu:7000/c?room=1&relay={stack.turn.address}"
    assert opened(read(tmp_path, client="app: chrome, video: 640x360@30, url: 'http://x/'")) == "http://x/"


def test_its_health(tmp_path: Path) -> None:
    """Clients wait until an app with a health check is healthy, and otherwise only until it is started."""
    assert sfu_condition(read(tmp_path)) == {"sfu": "service_started"}
    assert sfu_condition(read(tmp_path, "app: janus")) == {"sfu": "service_healthy"}


def test_its_metrics(tmp_path: Path) -> None:
    """An app's metrics are read at its own URL, unless the stack gives another."""
    assert metrics_ports(read(tmp_path)) == [6789]
    assert metrics_ports(read(tmp_path, "app: other, metrics: 'http://sfu:99/m'")) == [99]
    assert metrics_ports(read(tmp_path, "app: janus")) == []


def test_its_ports(tmp_path: Path) -> None:
    """With `join`, the app's ports are published, and it gets its address and the media port range."""
    stack = read(tmp_path, "app: other, join: 10.0.0.1")
    (own,) = server_services(stack)
    assert own.published == ("10.0.0.1:7000:7000", "10.0.0.1:40000-40009:40000-40009/udp")
    assert own.environment == {"SYNTHLAB_JOIN": "10.0.0.1", "SYNTHLAB_MEDIA_PORTS": "40000-40009"}
    assert join_page(stack) == "http://10.0.0.1:7000/you?room=1"


def test_its_cap(tmp_path: Path) -> None:
    """An app without a cap refuses `bitrate`; one with a cap tells the lowest that it heeds."""
    with pytest.raises(WrongUse, match="other does not support a bitrate"):
        read(tmp_path, "app: other, bitrate: 2mbit")
    with pytest.raises(WrongUse, match="is below 64kbit, the server's minimum"):
        read(tmp_path, "app: janus, bitrate: 63kbit")


def test_its_bots(tmp_path: Path) -> None:
    """A bot is rejected for a media server with another protocol; of a user's own image the protocol is unknown."""
    with pytest.raises(WrongUse, match=r"lab.yaml:2: clients.c.app: bot speaks janus, but the sfu speaks otherish"):
        read(tmp_path, client="app: bot, url: x")
    assert read(tmp_path, "app: janus", "app: bot").clients[0].app == "bot"
    assert read(tmp_path, "image: x, url: 'http://x/'", "app: bot").clients[0].app == "bot"


def test_its_image() -> None:
    """Its image is built from the folder with its name, in its version."""
    assert "synthlab/other:2.0" in all_bundled()
    image = bundled_image("synthlab/other:2.1")
    assert image is not None
    assert (image.context.name, image.args) == ("other", {"OTHER_VERSION": "2.1"})
