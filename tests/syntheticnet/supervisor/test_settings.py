"""Settings: parsing of the environment, files and startup conditions."""

from __future__ import annotations

import json
import re
from ipaddress import IPv4Network
from pathlib import Path
from socket import AF_INET

import pytest

from syntheticnet.supervisor import settings
from syntheticnet.supervisor.interface import Address, Interface, Route
from syntheticnet.supervisor.settings import ApplicationUser, BadSettings, Settings, read_user

from ..builders import exactly

CONDITIONS = '{"egress": {"rate_trace": "train.mahi"}}'


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(settings, "FILES", tmp_path)
    monkeypatch.setattr(settings, "QOS_SPEC", tmp_path / "none.json")
    return tmp_path


def read(**environment: str) -> Settings:
    return Settings.read(environment, [])


def test_files_of_the_start(folder: Path) -> None:
    """Startup conditions can use files from the folder."""
    (folder / "train.mahi").write_text("1\n2\n")
    started = read(SYNTHLAB_CONDITIONS=CONDITIONS)
    assert {name: content[:] for name, content in started.files.items()} == {"train.mahi": b"1\n2\n"}
    assert started.startup.egress.rate_trace == "train.mahi"


def test_no_folder_no_files(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A missing folder means no files."""
    monkeypatch.setattr(settings, "FILES", folder / "none")
    assert read().files == {}


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("other", b"1", "SYNTHLAB_CONDITIONS.egress.rate_trace: train.mahi: no such file; uploaded files: other"),
        ("train.mahi", b"x", None),
        ("train.mahi", b"\xff", None),
        ("a b", b"1", None),
    ],
)
def test_mistakes_end_the_start(folder: Path, name: str, content: bytes, expected: str | None) -> None:
    """A missing file, or one that is not text, of another kind or badly named, is a one-line error."""
    (folder / name).write_bytes(content)
    with pytest.raises(BadSettings, match=exactly(expected) if expected else r"\A[^\n]+\Z"):
        read(SYNTHLAB_CONDITIONS=CONDITIONS)


@pytest.mark.usefixtures("folder")
def test_the_port_of_the_api() -> None:
    """The API port is 80 by default, always a control port, and can be turned off."""
    assert (read().api_port, read().ports) == (80, (80, 5901, 9222))
    moved = read(SYNTHLAB_API_PORT="8100", SYNTHLAB_CONTROL_PORTS="5901")
    assert (moved.api_port, moved.ports) == (8100, (5901, 8100))
    assert read(SYNTHLAB_API_PORT="off").api_port is None
    assert 80 not in read(SYNTHLAB_API_PORT="off").ports
    with pytest.raises(BadSettings, match=exactly("SYNTHLAB_API_PORT: 'on' is not a port from 1 to 65535, or off")):
        read(SYNTHLAB_API_PORT="on")


def test_conditions_from_a_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Conditions from the environment override those of the image."""
    monkeypatch.setattr(settings, "CONDITIONS", folder / "conditions.json")
    (folder / "conditions.json").write_text('{"egress": {"loss": "5%"}}')
    monkeypatch.setattr(settings, "FILES", folder / "none")
    assert read().startup.egress.loss == 0.05
    assert read(SYNTHLAB_CONDITIONS='{"egress": {"latency": "1ms"}}').startup.egress.loss is None


def test_the_end_of_the_lab() -> None:
    """A lab may have an expiry time; without one it never expires."""
    assert Settings.read({"SYNTHLAB_EXPIRES": "1795239937"}, ()).expires == 1795239937.0
    assert Settings.read({}, ()).expires is None
    with pytest.raises(BadSettings, match="SYNTHLAB_EXPIRES: 'soon' is not a Unix time in seconds"):
        Settings.read({"SYNTHLAB_EXPIRES": "soon"}, ())


def test_protocols() -> None:
    """Only `SYNTHLAB_IP=ipv6` removes the application's IPv4."""
    assert [read(SYNTHLAB_IP=ip).ipv6_only for ip in ("", "ipv4", "dual", "ipv6")] == [False, False, False, True]
    with pytest.raises(BadSettings, match=exactly("SYNTHLAB_IP: 'ipv5' is not one of ipv4, dual, ipv6")):
        read(SYNTHLAB_IP="ipv5")


def test_self_control() -> None:
    """It is off in a lab and on in a container that belongs to none, unless the variable says otherwise."""
    assert (read().self_control, read(SYNTHLAB_LAB="call").self_control) == (True, False)
    assert read(SYNTHLAB_LAB="call", SYNTHLAB_SELF_CONTROL="1").self_control
    assert not read(SYNTHLAB_SELF_CONTROL="0").self_control
    with pytest.raises(BadSettings, match=exactly("SYNTHLAB_SELF_CONTROL: 'yes' is not 0 or 1")):
        read(SYNTHLAB_SELF_CONTROL="yes")


def test_screen() -> None:
    """The host's port of the screen: 0 if the engine chooses it, None without a screen."""
    assert [read(SYNTHLAB_SCREEN_PORT=port).screen_port for port in ("", "0", "5901")] == [None, 0, 5901]
    with pytest.raises(BadSettings, match=exactly("SYNTHLAB_SCREEN_PORT: 'vnc' is not a port from 0 to 65535")):
        read(SYNTHLAB_SCREEN_PORT="vnc")


def test_user() -> None:
    """The application's user by name or number, with its own or another group."""
    assert read_user({}).uid == 0
    assert (read_user({"SYNTHLAB_USER": "nobody"}).uid, read_user({"SYNTHLAB_USER": "nobody:7"}).gid) == (65534, 7)
    assert read_user({"SYNTHLAB_USER": "4242"}) == ApplicationUser(4242, 4242, "", "/")
    with pytest.raises(BadSettings, match="no user 'nosuch' in this image"):
        read_user({"SYNTHLAB_USER": "nosuch"})


@pytest.mark.issue(13)
def test_several_networks(folder: Path) -> None:  # noqa: ARG001 - replaces the folder of files
    """Conditions by network, in order; mistakes name the variable and the value."""
    networks = read(SYNTHLAB_NETWORKS='{"front": {"egress": {"loss": "5%"}}, "back": {}}').networks
    assert {name: conditions.to_dict() for name, conditions in networks.items()} == {
        "front": {"egress": {"loss": "5%"}},
        "back": {},
    }
    assert read().networks == {}
    many = json.dumps({f"n{number}": {} for number in range(9)})
    for text, message in (
        ("front", "not a JSON object of conditions by network"),
        ("[]", "not a JSON object of conditions by network"),
        ('{"front": {"egress": {"los": 1}}}', "egress.los: no such condition"),
        (many, "9 networks; at most 8 are supported"),
    ):
        with pytest.raises(BadSettings, match=f"^SYNTHLAB_NETWORKS.*{re.escape(message)}"):
            read(SYNTHLAB_NETWORKS=text)


@pytest.mark.issue(13)
def test_probes() -> None:
    """They are checked before anything starts, and need the API, which has their numbers."""
    probes = '[{"name": "web", "url": "http://web/", "interval_ms": 1000, "timeout_ms": 5000}]'
    assert read().probes == ()
    assert [probe.name for probe in read(SYNTHLAB_PROBES=probes).probes] == ["web"]
    with pytest.raises(BadSettings, match=r"\ASYNTHLAB_PROBES: not a JSON list of probes: KeyError: 'url'\Z"):
        read(SYNTHLAB_PROBES='[{"name": "web"}]')
    with pytest.raises(
        BadSettings, match=exactly("SYNTHLAB_PROBES: requires the API, which SYNTHLAB_API_PORT turns off")
    ):
        read(SYNTHLAB_PROBES=probes, SYNTHLAB_API_PORT="off")


@pytest.mark.usefixtures("folder")
def test_where_packets_go() -> None:
    """The router of a client, the lans behind others, and the lan of a router."""
    made = read(
        SYNTHLAB_GATEWAY="10.0.1.2",
        SYNTHLAB_ROUTES="10.0.2.0/24=10.0.0.3 10.0.3.0/24=10.0.1.4",
        SYNTHLAB_LAN="10.0.5.0/24",
    )
    own = Interface(
        1,
        "eth0",
        "02:00:00:00:00:01",
        1500,
        (Address(AF_INET, "10.0.1.9", 24),),
        (Route(AF_INET, None, "10.0.1.1", None),),
    )
    assert made.lan == IPv4Network("10.0.5.0/24")
    assert made.routing.over(own).routes == (
        Route(AF_INET, None, "10.0.1.2", None),
        Route(AF_INET, "10.0.3.0/24", "10.0.1.4", None),
    )
    assert read().routing.over(own) == own


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("name", ["SYNTHLAB_GATEWAY", "SYNTHLAB_ROUTES", "SYNTHLAB_LAN"])
def test_what_is_no_address_is_refused(name: str) -> None:
    with pytest.raises(BadSettings, match=rf"\A{name}: [^\n]+\Z"):
        read(**{name: "home=1"})
