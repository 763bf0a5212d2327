"""The TURN server's configuration as its start script writes it, given a routing table."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

SERVE = Path(__file__).parents[2] / "images" / "coturn" / "bin" / "serve"

# 172.21.0.0/16 on eth0 and 10.1.2.0/28 on eth1, little-endian as the kernel prints them.
ROUTES = """\
Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
eth0\t00000000\t010015AC\t0003\t0\t0\t0\t00000000\t0\t0\t0
eth0\t000015AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0
eth1\t0002010A\t00000000\t0001\t0\t0\t0\tF0FFFFFF\t0\t0\t0
"""


@pytest.fixture(scope="module")
def configuration(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The lines of the generated configuration file."""
    folder = tmp_path_factory.mktemp("coturn")
    (folder / "route").write_text(ROUTES)
    script = SERVE.read_text().replace("/tmp/", f"{folder}/").replace("/proc/net/route", str(folder / "route"))
    environment = {"PATH": f"{folder}:/usr/bin:/bin", "SYNTHLAB_TURN_USER": "lab:secret"}
    (folder / "turnserver").write_text("#!/bin/sh\n")
    (folder / "turnserver").chmod(0o755)
    subprocess.run(["/bin/sh", "-c", script], env=environment, check=True, timeout=10)
    return (folder / "turnserver.conf").read_text().splitlines()


def test_it_relays_to_the_networks_that_it_is_in(configuration: list[str]) -> None:
    """It relays to no other address, and to none over IPv6."""
    assert [line for line in configuration if "peer-ip" in line] == [
        "allowed-peer-ip=172.21.0.0-172.21.255.255",
        "allowed-peer-ip=10.1.2.0-10.1.2.15",
        "denied-peer-ip=0.0.0.0-255.255.255.255",
        "denied-peer-ip=::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
    ]


def test_it_requires_the_credentials(configuration: list[str]) -> None:
    """Only the lab's credentials work; there is no remote control."""
    assert {"lt-cred-mech", "user=lab:secret", "no-cli", "no-tcp-relay"} <= set(configuration)
