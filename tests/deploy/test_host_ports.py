"""Host ports."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from synthlab.deploy.host_ports import choose_ports
from synthlab.engine.host_port import is_free
from synthlab.errors import SynthlabError
from synthlab.stack import Ports, Stack, read_stack


def stack(folder: Path, first: str = "", second: str = "") -> Stack:
    file = folder / "p.yaml"
    file.write_text(f"sfu: {{app: janus}}\nclients: {{a: {{app: chrome{first}}}, b: {{app: chrome{second}}}}}")
    return read_stack(str(file))


def test_usual_ports_for_the_first(tmp_path: Path) -> None:
    """The first client gets 3000, 5901 and 9222, the others whatever Docker picks."""
    chosen = choose_ports(stack(tmp_path), free=lambda port: True)
    assert chosen == {"a": Ports(api=3000, vnc=5901, cdp=9222), "b": Ports()}


def test_taken_usual_ports_are_drawn(tmp_path: Path) -> None:
    """A default port that is taken, or fixed for another client, is left to Docker."""
    assert choose_ports(stack(tmp_path), free=lambda port: port != 3000)["a"] == Ports(vnc=5901, cdp=9222)
    chosen = choose_ports(stack(tmp_path, second=", ports: {api: 3000}"), free=lambda port: True)
    assert chosen == {"a": Ports(vnc=5901, cdp=9222), "b": Ports(api=3000)}


def test_no_screen_no_port(tmp_path: Path) -> None:
    """A headless client has no VNC port."""
    assert choose_ports(stack(tmp_path, ", headless: true"), free=lambda port: True)["a"] == Ports(api=3000, cdp=9222)


def test_no_browser_no_debugger(tmp_path: Path) -> None:
    """A client that is no browser has no debugger's port."""
    file = tmp_path / "p.yaml"
    file.write_text("clients: {a: {image: syntheticnet, headless: false}}")
    assert choose_ports(read_stack(str(file)), free=lambda port: True)["a"] == Ports(api=3000, vnc=5901)


def test_taken_fixed_port(tmp_path: Path) -> None:
    """A port fixed in the stack must be free, and the error names the one that is not."""
    with pytest.raises(SynthlabError) as caught:
        choose_ports(stack(tmp_path, second=", ports: {vnc: 5902}"), free=lambda port: port != 5902)
    text = "p.yaml: clients.b.ports.vnc: port 5902 of 127.0.0.1 is taken: free it, or choose another"
    assert caught.value.message == text


def test_is_free() -> None:
    """A port with a listener is not free; once closed, it is."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert not is_free(port)
    assert is_free(port)
