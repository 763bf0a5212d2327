"""Where look-ups can be conditioned."""

from __future__ import annotations

from pathlib import Path

import pytest

from syntheticnet.supervisor.resolver import why_not

pytestmark = pytest.mark.issue(17)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("nameserver 127.0.0.11\noptions ndots:0\n", ""),
        ("# nameserver 1.1.1.1\nsearch example\n\tnameserver\t127.0.0.11\n", ""),
        ("nameserver 10.0.2.3\nnameserver fd00::3\n", "this container uses 10.0.2.3, fd00::3"),
        ("search example\n", "this container has no name server"),
    ],
)
def test_the_engines_name_server(tmp_path: Path, text: str, found: str) -> None:
    """Only look-ups that go to it, and to no other, can be conditioned."""
    file = tmp_path / "resolv.conf"
    file.write_text(text)
    line = "requires the engine's name server 127.0.0.11, as on the network of a lab"
    assert why_not(file) == (f"{line}; {found}" if found else "")


def test_no_file(tmp_path: Path) -> None:
    assert why_not(tmp_path / "resolv.conf").endswith("this container has no name server")
