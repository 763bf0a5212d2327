"""What alice sees of bob when his uplink is thin. The fixture `lab` comes with synthlab."""

import pytest

pytestmark = pytest.mark.lab("lab.yaml")


def test_a_good_call(lab):
    lab["alice"].expect("video.bob.fps > 10", within="30s")


def test_a_thin_uplink(lab):
    lab["alice"].expect("video.bob.fps > 10", within="30s")
    with lab["bob"].set(egress={"rate": "20kbit"}):
        lab["alice"].expect("video.bob.fps < 5", within="15s")
    lab["alice"].recovers("video.bob.fps > 10", within="20s", for_="2s")
