"""The two programs of a path test, over loopback."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.issue(13)

GUEST = Path(__file__).parents[3] / "synthlab" / "engine" / "guest"


def run(
    count: int, interval_ms: float, most_mtu: int = 0, host: str = "127.0.0.1"
) -> tuple[dict[str, Any], list[list[int]]]:
    """What the probe and the echo print."""
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, GUEST / "path_echo.py"], stdin=pipe, stdout=pipe, text=True) as echo:
        assert echo.stdout
        port = echo.stdout.readline().strip()
        words = [host, port, str(count), str(interval_ms), str(most_mtu)]
        probe = subprocess.run([sys.executable, GUEST / "path_probe.py", *words], stdout=pipe, text=True, check=True)
        came, _ = echo.communicate(timeout=10)
    return json.loads(probe.stdout), json.loads(came)


def test_times() -> None:
    """Every datagram is sent at its time, arrives after that, and is answered; times are of the machine's clock."""
    probed, came = run(20, 5)
    assert (probed["own"], probed["other"]) == ("127.0.0.1", "127.0.0.1")
    assert [number for number, _, _ in came] == [number for number, _, _ in probed["back"]] == list(range(20))
    assert probed["sent"] == [sent for _, sent, _ in came]
    for sent, (_, _, arrived), (_, answered, back) in zip(probed["sent"], came, probed["back"], strict=True):
        assert sent <= arrived <= answered <= back
    assert probed["sent"][-1] - probed["sent"][0] >= 19 * 5_000_000 - 5_000_000
    assert "mtu" not in probed


def test_ipv6() -> None:
    probed, came = run(5, 5, host="::1")
    assert (probed["own"], probed["other"]) == ("::1", "::1")
    assert len(came) == len(probed["back"]) == 5


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
@pytest.mark.parametrize("most", [576, 1500, 9000])
def test_path_mtu(most: int, host: str) -> None:
    """Loopback passes every size asked for."""
    probed, _ = run(2, 1, most, host)
    assert probed["mtu"] == most


def test_an_unknown_name() -> None:
    words = ["no-such-host.invalid", "1", "1", "1", "0"]
    done = subprocess.run(
        [sys.executable, GUEST / "path_probe.py", *words], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stderr.startswith("no-such-host.invalid cannot be resolved: ")


def test_a_family_that_the_host_lacks() -> None:
    words = ["127.0.0.1", "1", "1", "1", "0", "6"]
    done = subprocess.run(
        [sys.executable, GUEST / "path_probe.py", *words], capture_output=True, text=True, check=False
    )
    assert done.stderr == "127.0.0.1 cannot be reached: it has no address of IPv6\n"
