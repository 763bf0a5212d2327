"""Values with units."""

from __future__ import annotations

import pytest

from synthlab.text.quantities import counted, named, quantity

pytestmark = pytest.mark.issue(10)


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("client1.video.client2.fps", 9.7, "9.7 fps"),
        ("client1.video.client2.kbps", 54.0, "54 kbit/s"),
        ("client1.video.client2.rtt_ms", 12.5, "12.5 ms"),
        ("client1.video.client2.freeze_s", 1.2, "1.2 s"),
        ("client1.connections.0.available_kbps", 300.0, "300 kbit/s"),
        ("client1.egress.rate", 998_400.0, "998.4 kbit/s"),
        ("client1.egress.loss", 0.05, "5 %"),
        ("client1.flows.'*:udp'.ingress.delay_p50", 80.0, "80 ms"),
        ("client1.egress.packets_out", 1_234_567.0, "1,234,567"),
        ("client1.app.loss", 0.05, "0.05"),
    ],
)
def test_quantity(name: str, value: float, expected: str) -> None:
    """The unit follows from the name; a value with an unknown unit has none."""
    assert quantity(name, value) == expected


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("fps", 15, "15 fps"),
        ("lost", 3, "lost 3"),
        ("rtt_ms", 12, "rtt 12 ms"),
        ("jitter_buffer_ms", 40, "jitter buffer 40 ms"),
    ],
)
def test_named(name: str, value: float, expected: str) -> None:
    """In a list each value has its name, unless the unit implies it."""
    assert named(name, value) == expected


def test_counted() -> None:
    """One thing is singular, none and several are plural."""
    assert [counted(number, "container") for number in (0, 1, 2)] == ["0 containers", "1 container", "2 containers"]
