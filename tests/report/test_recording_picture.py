"""The picture of a recording."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from synthlab.report.recording_picture import recording_svg
from synthlab.scenario.recordings import LinkRecording, StepSeries

pytestmark = pytest.mark.issue(15)

SVG = "{http://www.w3.org/2000/svg}"


def test_lines_and_gaps() -> None:
    """Rate and delay are a line each, in steps and within the picture; a gap is a band; any title is well-formed."""
    rate = StepSeries([0.0, 1.0, 2.0], [4e6, 0.0, 2e6], 4.0)
    recording = LinkRecording(form="", rate=rate, delay=StepSeries([0.0], [20.0], 4.0))
    root = ElementTree.fromstring(recording_svg(recording, 'a<b>&"\x1b'))
    lines = [line.attrib["points"] for line in root.iter(f"{SVG}polyline")]
    assert len(lines) == 2
    points = [tuple(map(float, point.split(","))) for point in lines[0].split()]
    assert [x for x, _ in points] == [80.0, 280.0, 280.0, 480.0, 480.0, 880.0]
    heights = [220.0 - y for _, y in points]
    assert heights[0] == heights[1] == pytest.approx(180 / 1.05, abs=0.1)
    assert heights[2] == heights[3] == 0.0
    assert heights[4] == heights[5] == pytest.approx(90 / 1.05, abs=0.1)
    bands = [(band.attrib["x"], band.attrib["width"]) for band in root.iter(f"{SVG}rect") if "x" in band.attrib]
    assert bands == [("280.0", "200.0")]
    assert "rate, Mbit/s: mean 2" in [text.text for text in root.iter(f"{SVG}text")]


def test_a_long_recording_stays_small() -> None:
    """However many steps it has, at most 1,200 are drawn."""
    rate = StepSeries(
        [number / 10 for number in range(36_000)], [float(number % 7) for number in range(36_000)], 3600.0
    )
    assert len(recording_svg(LinkRecording(form="", rate=rate), "long")) < 50_000
