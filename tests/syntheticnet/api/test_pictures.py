"""The pictures that are kept: bounded, and only while somebody looks."""

from __future__ import annotations

from syntheticnet.api.pictures import Pictures

JPEG = b"\xff\xd8\xff"


def test_wanted_for_five_seconds_after_a_look() -> None:
    now = [100.0]
    pictures = Pictures(lambda: now[0])
    assert not pictures.wanted
    pictures.report()
    now[0] += 4.9
    assert pictures.wanted
    now[0] += 0.2
    assert not pictures.wanted
    assert pictures.get("client2") is None
    assert pictures.wanted


def test_none_are_wanted_while_values_are_judged() -> None:
    """For five seconds after the last reading that was for a judgement; then whoever looks gets some again."""
    now = [100.0]
    pictures = Pictures(lambda: now[0])
    pictures.hold_off()
    assert pictures.report()["judged"]
    assert not pictures.wanted
    now[0] += 4.9
    assert pictures.report()["judged"]
    now[0] += 0.2
    assert not pictures.report()["judged"]
    assert pictures.wanted


def test_an_old_picture_is_not_shown() -> None:
    now = [100.0]
    pictures = Pictures(lambda: now[0])
    pictures.publish("client2", JPEG, 0.0)
    now[0] += 9
    assert pictures.report()["pictures"]["client2"]["age_s"] == 9.0
    now[0] += 2
    assert pictures.report()["pictures"] == {}
    assert pictures.get("client2") is None


def test_the_oldest_makes_room() -> None:
    """At most 32 peers; a new picture of a known one replaces only its own."""
    pictures = Pictures(lambda: 0.0)
    for number in range(32):
        pictures.publish(f"client{number}", JPEG, 0.0)
    pictures.publish("client0", JPEG, 0.0)
    pictures.publish("another", JPEG, 0.0)
    shown = pictures.report()["pictures"]
    assert len(shown) == 32
    assert {"client0", "another"} <= shown.keys()
    assert "client1" not in shown


def test_the_cost() -> None:
    """CPU time of the pictures after the first, by the time in which they came; unknown of one picture."""
    now = [100.0]
    pictures = Pictures(lambda: now[0])
    pictures.publish("client2", JPEG, 0.5)
    assert pictures.report()["cpu_percent"] is None
    for _ in range(4):
        now[0] += 1
        pictures.publish("client2", JPEG, 0.006)
    assert pictures.report()["cpu_percent"] == 0.6
    now[0] += 30
    assert pictures.report()["cpu_percent"] is None
