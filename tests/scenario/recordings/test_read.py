"""Each text format is read; each bad file is refused with file, line, what, and what is allowed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from synthlab.errors import WrongUse
from synthlab.scenario.recordings import LinkRecording, StepSeries, read_recording

pytestmark = pytest.mark.issue(15)

CAPACITY = "time,ingress.rate\n0.000,26000kbit\n10.211,65810kbit\n20.450,0kbit\n24.700,310kbit\n44.000,12800kbit\n"


def read(folder: Path, text: str, direction: str | None = None) -> LinkRecording:
    (folder / "some").write_text(text)
    return read_recording(folder / "some", direction)


def trip(at_s: float, rtt_ms: float, send_ms: float = 5, lost: str = "false") -> dict[str, Any]:
    """A round trip as irtt writes it (irtt-client(1))."""
    times = {"wall": 1_700_000_000_000_000_000, "monotonic": int(at_s * 1e9)}
    delay = {"rtt": int(rtt_ms * 1e6), "send": int(send_ms * 1e6), "receive": int((rtt_ms - send_ms) * 1e6)}
    return {"seqno": 0, "lost": lost, "timestamps": {"client": {"send": times}}, "delay": delay}


def irtt(*trips: dict[str, Any]) -> str:
    return json.dumps({"version": {"irtt": "0.9.1"}, "round_trips": trips})


def test_mahimahi(tmp_path: Path) -> None:
    """1500 bytes per line: 10 lines per 100 ms are 1.2 Mbit/s."""
    found = read(tmp_path, "# LTE\n" + "".join(f"{ms}\n" for ms in range(10, 1001, 10)))
    assert found.form == "Mahimahi trace"
    assert found.rate
    assert found.rate.mean() == pytest.approx(1_200_000)
    assert found.lasts_s == 1.0


def test_delay_trace(tmp_path: Path) -> None:
    """Lines of a time and a delay in ms."""
    assert read(tmp_path, "0 20\n500 35.5\n").delay == StepSeries([0.0, 0.5], [20.0, 35.5], 1.0)


def test_csv(tmp_path: Path) -> None:
    """Bare seconds; a rate of 0 is a gap until the next rate; latency becomes delay."""
    found = read(tmp_path, CAPACITY)
    assert found.rate == StepSeries([0.0, 10.211, 20.45, 24.7, 44.0], [26e6, 65.81e6, 0.0, 310e3, 12.8e6], 63.3)
    both = read(tmp_path, "time,both.rate,egress.latency\n0,1mbit,5ms\n1,2mbit,\n", "egress")
    assert (both.rate, both.delay) == (
        StepSeries([0.0, 1.0], [1e6, 2e6], 2.0),
        StepSeries([0.0, 1.0], [5.0, 5.0], 2.0),
    )


def test_json_list(tmp_path: Path) -> None:
    """Pairs of seconds and a rate, in bits per second or with a unit."""
    found = read(tmp_path, '[[3, 2000000], [4.5, "0kbit"], [5, "1.5mbit"]]')
    assert found.rate == StepSeries([0.0, 1.5, 2.0], [2e6, 0.0, 1.5e6], 2.5)


def test_irtt(tmp_path: Path) -> None:
    """Half of the round trip, or the delay of one direction; what was lost has no delay."""
    text = irtt(trip(1, 30), trip(2, 0, lost="true_down"), trip(3, 50, 20), trip(4, 40, 25))
    assert read(tmp_path, text).delay == StepSeries([0.0, 2.0, 3.0], [15.0, 25.0, 20.0], 4.0)
    assert read(tmp_path, text).note == "one way is taken as half of the round trip"
    assert (up := read(tmp_path, text, "egress").delay)
    assert (down := read(tmp_path, text, "ingress").delay)
    assert (list(up.values), list(down.values)) == ([5.0, 20.0, 25.0], [25.0, 30.0, 15.0])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "is empty; allowed: a Mahimahi or delay trace, a CSV table"),
        ("# only\n\nhello\n", "line 3: 'hello' begins none of the known formats; allowed: a Mahimahi"),
        ("1\n2\n1\n", "line 3: '1' is before the previous line"),
        ("0 5\n0 6\n", "line 2: '0 6' must be later than the previous line"),
        ("time,rte\n0,1\n", "line 1: unknown column 'rte'"),
        ("time,egress.rate\n0,1mbt\n", "line 2: '1mbt' is not a rate such as 500kbit"),
        ("time,egress.loss\n0,1%\n", "has neither a rate nor a latency; add a column such as egress.rate"),
        ("time,egress.rate,ingress.rate\n0,1mbit,2mbit\n", "has other values for ingress than for egress; choose one"),
        ("time,egress.rate,egress.latency\n0,1mbit,\n1,,5ms\n", "has no latency at 0 s; give every row one"),
        ("[[0, 1], [1,\n", "line 2: is not JSON: Expecting value"),
        ("[]", "is an empty list; allowed: a list of a pair of seconds and a rate"),
        ("[[0, 1], [0, 2]]", "[1]: 0 s must be later than the entry before it"),
        ('[[0, 1], [1, "fast"]]', '[1]: [1, "fast"] is not a pair of seconds and a rate, such as [1.5, 2000000]'),
        ("[[0, true]]", "[0]: [0, true] is not a pair"),
        ("[[0, -1]]", "[0]: [0, -1] is not a pair"),
        ("[5]", "[0]: 5 is not a pair"),
        ("{}", "is an object without irtt's `round_trips`; allowed: irtt's JSON, or a list of"),
        ("[" * 100_000, "is nested too deeply; allowed"),
        ('{"round_trips": [{}]}', "round_trips[0]: has no time of sending or no rtt delay, as irtt writes them"),
        (irtt(trip(1, 5, lost="true")), "has no round trip that was answered"),
    ],
)
def test_mistakes(tmp_path: Path, text: str, expected: str) -> None:
    """One line with the file, and the line or entry."""
    with pytest.raises(WrongUse) as caught:
        read(tmp_path, text)
    assert str(caught.value).startswith(f"{tmp_path}/some: {expected}")
    assert "\n" not in str(caught.value)


def test_a_direction_that_is_not_there(tmp_path: Path) -> None:
    """Neither in a table, nor in results of machines whose clocks differ."""
    with pytest.raises(WrongUse, match="some: has no column for egress; it has ingress"):
        read(tmp_path, CAPACITY, "egress")
    with pytest.raises(WrongUse, match=r"round_trips\[1\]: the send delay of -3 ms is not between 0 and"):
        read(tmp_path, irtt(trip(1, 5), trip(2, 5, -3)), "egress")


def test_what_is_no_file_of_text(tmp_path: Path) -> None:
    """A missing file, a folder, bytes that are no text, and a file that is too large."""
    (tmp_path / "bytes").write_bytes(b"1\n\xff\xfe")
    with (tmp_path / "large").open("wb") as file:
        file.truncate(65 << 20)
    for name, expected in (
        ("none", "No such file"),
        (".", "is not a regular file"),
        ("bytes", "byte 3 is not UTF-8 text, and these are no packets; allowed: a Mahimahi"),
        ("large", "is 65 MB; at most 64 MB is allowed"),
    ):
        with pytest.raises(WrongUse, match=rf": {expected}"):
            read_recording(tmp_path / name)
