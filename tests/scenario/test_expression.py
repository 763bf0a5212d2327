"""Evaluation of expressions on given samples."""

from __future__ import annotations

import re

import pytest

from synthlab.scenario.expression import Expression, Known, Outcome, Recorded, SeenValue, source_of
from synthlab.text.durations import SECOND_NS, ns_of, seconds_of

NAMES = ("client1", "client2", "bot-1")
KNOWN = Known(NAMES, (), NAMES, numbers=("sfu.metrics",))
FPS, KBPS = "client1.video.client2.fps", "client1.video.client2.kbps"
WIDTH, FREEZES = "client1.video.client2.width", "client1.video.client2.freezes"
DELAY = "client2.egress.delay_p50"
VIDEO = "client1.video"


def holds(text: str, samples: Recorded, now_s: float) -> bool | None:
    return Expression.parse(text, KNOWN).at(ns_of(now_s), samples).holds


def recorded(name: str, *values: float | str) -> Recorded:
    """One sample each second, the first at 1 s."""
    samples = Recorded()
    for second, value in enumerate(values, 1):
        samples.add(second * SECOND_NS, {name: value})
    return samples


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"{FPS} == 15", True),
        (f"{FPS} != 15", False),
        (f"{FPS} >= 15 and {FPS} < 16", True),
        (f"{FPS} > 15 or {FPS} < 3", False),
        (f"not {FPS} > 15", True),
        (f"10 < {FPS} <= 15", True),
        (f"({FPS} + 5) * 2 == 40", True),
        (f"-{FPS} < -14", True),
        (f"{FPS} / 0 > 1", None),
        (f"abs({FPS} - 20) == 5", True),
        (f"max({FPS}, 20) == 20", True),
        (f"min({FPS}, 20) == 15", True),
        (f"fairness({FPS}, 15) == 1", True),
        (f"fairness({FPS}, 0, 0) < 34%", True),
        (f"fairness({FPS} - 15, 0) < 1", None),
        (f"fairness({KBPS}, 50kbit) < 1", None),
        (f"absent({FPS})", False),
        (f"not absent({FPS})", True),
        (f"absent({KBPS})", True),
        (f"{KBPS} > 0", None),
        (f"{KBPS} > 0 or {FPS} == 15", True),
        (f"{KBPS} > 0 and {FPS} == 15", None),
        (f"{KBPS} > 0 and {FPS} == 1", False),
        (f"not {KBPS} > 0", None),
    ],
)
def test_value(text: str, expected: bool | None) -> None:
    """True, false or no data; missing data matters only if nothing else decides."""
    assert holds(text, recorded(FPS, 15.0, 15.0), 2.0) is expected


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [
        (f"{KBPS} == 800", KBPS, 800.0),
        (f"{KBPS} == 800kbit", KBPS, 800.0),
        (f"{KBPS} == 0.8mbit/s", KBPS, 800.0),
        ("client1.egress.rate == 1.5mbit", "client1.egress.rate", 1_500_000.0),
        ("client1.egress.loss == 5%", "client1.egress.loss", 0.05),
        ("client1.egress.delay_p50 == 80ms", "client1.egress.delay_p50", 80.0),
        ("client1.egress.delay_p50 == 0.08s", "client1.egress.delay_p50", 80.0),
        ("client1.video.client2.freeze_s == 1500ms", "client1.video.client2.freeze_s", 1.5),
        ("client1.video.client2.freeze_s == 1.5", "client1.video.client2.freeze_s", 1.5),
        ("client1.video.client2.rtt_ms == 80", "client1.video.client2.rtt_ms", 80.0),
        ("client1.egress.rate == 50% * 3mbit", "client1.egress.rate", 1_500_000.0),
        ("bot-1.video.client2.fps == 15", "bot-1.video.client2.fps", 15.0),
        ("client1.connections.connection.local == 'relay'", "client1.connections.connection.local", "relay"),
        ("client1.flows.'*:udp'.egress.loss == 5%", "client1.flows.*:udp.egress.loss", 0.05),
        ('client1.video."Ada L".fps == 15', "client1.video.Ada L.fps", 15.0),
        ("client1.app.room.people == 4", "client1.app.room.people", 4.0),
        ("sfu.metrics.'janus_sessions{a=\"b\"}' == 4", 'sfu.metrics.janus_sessions{a="b"}', 4.0),
    ],
)
def test_units(text: str, name: str, value: float | str) -> None:
    """Each number is compared in its own unit or in the written one."""
    assert holds(text, recorded(name, value), 1.0) is True


def test_averages() -> None:
    """Without a window the latest sample counts; with one, rates whose own second is inside it."""
    assert holds(f"{FPS} == 5", recorded(FPS, 3.0, 15.0, 5.0), 3.0) is True
    assert holds(f"last({FPS}) == 5", recorded(FPS, 3.0, 15.0, 5.0), 3.0) is True
    assert holds(f"mean({FPS}, 3s) == 10", recorded(FPS, 4.0, 15.0, 5.0), 3.0) is True
    assert holds(f"mean({FPS}, 1s) == 5", recorded(FPS, 4.0, 15.0, 5.0), 3.0) is True
    assert holds(f"mean({WIDTH}, 2s) == 10", recorded(WIDTH, 4.0, 15.0, 5.0), 3.0) is True
    assert holds(f"{WIDTH} == 30", recorded(WIDTH, 10.0, 30.0), 2.0) is True


def test_shown() -> None:
    """Samples are shown for people, large numbers in full."""
    values: dict[str, float | str | None] = {"a.rate": 1_222_640_000.0, "a.fps": 14.93, "a.state": "up", "a.lost": None}
    seen = Outcome(True, values, shown={name: SeenValue(name, value) for name, value in values.items()})
    assert seen.text(0) == "a.rate = 1,222,640,000, a.fps = 14.93 fps, a.state = up, a.lost = no data"


def test_windows() -> None:
    """Minimum, maximum and growth of a window that ends now."""
    samples = recorded(WIDTH, 1.0, 9.0, 4.0, 6.0)
    assert holds(f"min({WIDTH}, 3s) == 4", samples, 4.0) is True
    assert holds(f"max({WIDTH}, 3s) == 9", samples, 4.0) is True
    assert holds(f"growth({WIDTH}, 2s) == 2", samples, 4.0) is True
    assert holds(f"growth({WIDTH}, 3s) == -3", samples, 4.0) is True


@pytest.mark.issue(16)
def test_windows_of_times() -> None:
    """A delay's minimum and maximum are those of its window: the window is no second time to choose from."""
    samples = recorded(DELAY, 80.0, 400.0, 100.0, 90.0)
    assert holds(f"max({DELAY}, 3s) > 300ms", samples, 4.0) is True
    assert holds(f"max({DELAY}, 1s) > 300ms", samples, 4.0) is False
    assert holds(f"max({DELAY}, 3s) < 500ms", samples, 4.0) is True
    assert holds(f"min({DELAY}, 3s) == 90ms", samples, 4.0) is True
    assert holds(f"max({DELAY}, client2.egress.delay_p99, 3s) == 3s", samples, 4.0) is None
    with pytest.raises(ValueError, match=r"'50ms' is not a time from 1s to 10min"):
        Expression.parse(f"max({DELAY}, 50ms) < 300ms", KNOWN)


@pytest.mark.issue(10)
def test_a_total_that_began_anew() -> None:
    """A restarted total has grown by its new count; a number that can fall has shrunk."""
    samples = recorded(FREEZES, 3.0, 4.0, 0.0, 2.0)
    assert holds(f"growth({FREEZES}, 4s) == 3", samples, 4.0) is None  # there is no sample from the beginning
    assert holds(f"growth({FREEZES}, 3s) == 2", samples, 4.0) is True
    lost = "client1.video.client2.lost"
    assert holds(f"growth({lost}, 2s) == -1", recorded(lost, 5.0, 5.0, 5.0, 4.0), 4.0) is True


@pytest.mark.issue(10)
def test_what_is_not_reported_is_absent() -> None:
    """A client that answers without a number has no data until it reports the number again."""
    samples = recorded(FPS, 15.0)
    samples.add(ns_of(1.25), {}, [VIDEO])
    assert holds(f"{FPS} == 15", samples, 1.2) is True
    assert holds(f"{FPS} == 15", samples, 1.25) is None
    assert holds(f"absent({FPS})", samples, 9.0) is True
    samples.add(ns_of(9.5), {FPS: 14.0})
    assert holds(f"{FPS} == 14", samples, 9.5) is True


@pytest.mark.issue(10)
def test_an_average_covers_its_window() -> None:
    """There is no data if the number was absent in, or started within, the window."""
    samples = recorded(WIDTH, 20.0, 20.0)
    samples.add(ns_of(2.25), {}, [VIDEO])
    for at_s in (2.5, 3.0, 4.0, 5.0):
        samples.add(ns_of(at_s), {WIDTH: 30.0})
    for window in ("mean", "min", "max"):
        assert holds(f"{window}({WIDTH}, 2s) == 30", samples, 4.0) is None
        assert holds(f"{window}({WIDTH}, 2s) == 30", samples, 5.0) is True
    began = Recorded()
    began.add(ns_of(0.0), {}, [VIDEO])
    began.add(ns_of(1.0), {WIDTH: 30.0})
    began.add(ns_of(2.0), {WIDTH: 30.0})
    assert holds(f"mean({WIDTH}, 2s) == 30", began, 2.0) is None
    assert holds(f"mean({WIDTH}, 1s) == 30", began, 2.0) is True


def with_gaps(*gaps: tuple[float, float], until_s: float, name: str = WIDTH) -> Recorded:
    """A sample of 20 each 250 ms, but none from one time up to another."""
    samples = Recorded(fine={name})
    for tick in range(round(until_s * 4) + 1):
        gone = any(begins_s <= tick / 4 < ends_s for begins_s, ends_s in gaps)
        samples.add(tick * SECOND_NS // 4, {} if gone else {name: 20.0}, [VIDEO])
    return samples


@pytest.mark.issue(16)
@pytest.mark.parametrize(
    ("gaps", "expected"),
    [
        ([(5.0, 5.25)], True),
        ([(3.0, 3.25), (5.0, 5.25), (7.0, 7.25), (9.0, 9.25)], True),
        ([(5.0, 6.0)], True),
        ([(2.0, 2.25)], True),
        ([(1.25, 2.25)], True),
        ([(5.0, 6.25)], None),
        ([(3.0, 3.5), (5.0, 5.5), (7.0, 7.25)], None),
        ([(0.5, 2.25)], None),
        ([(12.0, 13.0)], None),
    ],
)
def test_a_mean_of_a_long_window_does_without_a_sample(gaps: list[tuple[float, float]], expected: bool | None) -> None:
    """A tenth of its window may be missing; a minimum or maximum could lie in any gap, and a total restart in it."""
    samples = with_gaps(*gaps, until_s=12.0)
    assert holds(f"mean({WIDTH}, 10s) == 20", samples, 12.0) is expected
    for kind in ("min", "max"):
        assert holds(f"{kind}({WIDTH}, 10s) == 20", samples, 12.0) is None
    assert holds(f"growth({WIDTH}, 10s) == 0", samples, 12.0) is None


@pytest.mark.issue(16)
def test_a_long_gap_is_no_lost_sample() -> None:
    """However long the window, more than 1.5 s in one piece are missing data, also if only the end is in the window."""
    minute = f"mean({WIDTH}, 60s) == 20"
    assert holds(minute, with_gaps((20.0, 21.5), until_s=61.0), 61.0) is True
    assert holds(minute, with_gaps((20.0, 21.75), until_s=61.0), 61.0) is None
    assert holds(minute, with_gaps((-1.0, 1.25), until_s=61.0), 61.0) is None


@pytest.mark.issue(16)
def test_a_mean_waits_for_its_number() -> None:
    """While it may be back soon enough, it is too early to say that there is no data; a minimum does not wait."""
    samples = with_gaps((11.5, 99.0), until_s=13.0)
    mean, least = (Expression.parse(f"{kind}({WIDTH}, 10s) == 20", KNOWN) for kind in ("mean", "min"))
    assert [(mean.at(ns_of(at_s), samples).holds, mean.at(ns_of(at_s), samples).waits) for at_s in (11.25, 11.5)] == [
        (True, False),
        (None, True),
    ]
    assert mean.at(ns_of(12.5), samples).waits
    assert not mean.at(ns_of(12.75), samples).waits
    assert not least.at(ns_of(11.5), samples).waits
    either = Expression.parse(f"mean({WIDTH}, 10s) == 20 or absent({WIDTH})", KNOWN).at(ns_of(11.5), samples)
    assert (either.holds, either.waits) == (True, False)


@pytest.mark.issue(16)
def test_what_is_missing_is_said() -> None:
    """Beside the mean that was judged without it."""
    outcome = Expression.parse(f"mean({WIDTH}, 10s) > 30", KNOWN).at(
        ns_of(12.0), with_gaps((5.0, 5.25), (7.0, 7.5), until_s=12.0)
    )
    assert outcome.text(0) == f"{WIDTH} = 20 (no data for 0.75s)"


@pytest.mark.issue(16)
def test_a_baseline_without_a_sample() -> None:
    """A tenth of it may be missing, too, but not of its minimum."""
    samples = with_gaps((3.0, 3.5), until_s=6.0)
    samples.baseline = (0, 5 * SECOND_NS)
    assert holds(f"{WIDTH} >= before", samples, 6.0) is True
    assert holds(f"before.{WIDTH} == 20", samples, 6.0) is True
    assert holds(f"min({WIDTH}, 1s) >= before", samples, 6.0) is None
    samples = with_gaps((3.0, 3.75), until_s=6.0)
    samples.baseline = (0, 5 * SECOND_NS)
    assert holds(f"{WIDTH} >= before", samples, 6.0) is None


@pytest.mark.issue(10)
def test_a_baseline_with_an_absence() -> None:
    """A number absent in part of the baseline has no baseline."""
    samples = recorded(FPS, 15.0, 15.0, 15.0)
    samples.baseline = (0, 5 * SECOND_NS)
    assert holds(f"{FPS} >= 90% of before", samples, 3.0) is True
    samples.add(ns_of(4.0), {}, [VIDEO])
    samples.add(ns_of(5.0), {FPS: 15.0})
    assert holds(f"{FPS} >= 90% of before", samples, 5.0) is None


@pytest.mark.issue(10)
def test_what_nobody_expects_is_kept_once_a_second() -> None:
    """Numbers used by expectations keep every sample; absences are always kept."""
    samples = Recorded(fine={FPS})
    for tick in range(41):
        gone = tick in (22, 23)
        samples.add(tick * SECOND_NS // 4, {FPS: 15.0, **({} if gone else {WIDTH: 20.0})})
    assert len(samples.series(FPS)) == 41
    kept = [(seconds_of(sample.at_ns), sample.value) for sample in samples.series(WIDTH)]
    assert kept == [
        *((float(second), 20.0) for second in range(6)),
        (5.5, None),
        *((at, 20.0) for at in (6, 7, 8, 9, 10)),
    ]


def test_what_is_reported_together() -> None:
    """An answer about video covers neither audio nor the network; a server's metrics are one answer."""
    assert source_of("client1.video.client2.fps") == "client1.video"
    assert source_of("client1.flows.*:udp.egress.rate") == "client1.flows"
    assert (source_of("sfu.egress.rate"), source_of("sfu.metrics.rooms{a='b.c'}")) == ("sfu.egress", "sfu.metrics")


def test_what_is_known() -> None:
    """Several numbers are known up to where all of them are."""
    samples = recorded(FPS, 15.0)
    assert samples.known_ns([FPS, "client2.egress.rate"]) is None
    samples.add(ns_of(0.5), {}, ["client2.egress"])
    assert samples.known_ns([FPS, "client2.egress.rate"]) == ns_of(0.5)


def test_before() -> None:
    """`before` is the mean of the same number in the baseline; without one there is no data."""
    samples = recorded(KBPS, 1000.0, 800.0, 1200.0, 400.0, 400.0)
    assert holds(f"{KBPS} < 50% of before", samples, 5.0) is None
    samples.baseline = (0, 3 * SECOND_NS)
    assert holds(f"{KBPS} < 50% of before", samples, 5.0) is True
    assert holds(f"{KBPS} > 50% of before", samples, 5.0) is False
    assert holds(f"30% of before < {KBPS} < before", samples, 5.0) is True
    assert holds(f"{KBPS} == before.{KBPS} - 600", samples, 5.0) is True
    assert holds(f"{KBPS} == before.{KBPS} - 600kbit", samples, 5.0) is True
    assert holds(f"max({KBPS}, 2s) == 400 and max({KBPS}, 2s) < 40% of before", samples, 5.0) is True


def test_what_was_seen() -> None:
    """An outcome lists the samples it used, and the missing ones."""
    samples = recorded(KBPS, 1000.0)
    outcome = Expression.parse(f"{KBPS} < 50% of before and {FPS} > 3", KNOWN).at(SECOND_NS, samples)
    assert outcome.seen == {KBPS: 1000.0, f"before.{KBPS}": None, FPS: None}
    assert outcome.missing == (f"before.{KBPS}", FPS)
    assert outcome.text(0) == f"{KBPS} = 1000 kbit/s, before.{KBPS} = no data, {FPS} = no data"


@pytest.mark.issue(16)
@pytest.mark.parametrize(
    ("text", "shown", "seen"),
    [
        (f"max({WIDTH}, 3s) < 9", f"max({WIDTH}, 3s) = 9 after 1.5s", {WIDTH: 9.0}),
        (f"min({WIDTH}, 3s) > 4", f"min({WIDTH}, 3s) = 4 after 2.5s", {WIDTH: 4.0}),
        (f"growth({WIDTH}, 3s) > 4", f"growth({WIDTH}, 3s) = -3", {WIDTH: -3.0}),
        (f"max({WIDTH}, 3s) < {WIDTH}", f"max({WIDTH}, 3s) = 9 after 1.5s, {WIDTH} = 6", {WIDTH: 6.0}),
        (f"{WIDTH} < max({WIDTH}, 3s)", f"{WIDTH} = 6, max({WIDTH}, 3s) = 9 after 1.5s", {WIDTH: 6.0}),
        (f"max({FPS}, 3s) < 9", f"max({FPS}, 3s) = no data", {FPS: None}),
        (
            f"max({WIDTH}, 3s) < before",
            f"max({WIDTH}, 3s) = 9 after 1.5s, before.max({WIDTH}, 3s) = 9",
            {WIDTH: 9.0},
        ),
    ],
)
def test_the_sample_that_was_the_worst(text: str, shown: str, seen: dict[str, float | None]) -> None:
    """A minimum or maximum is shown with its time, counted from the start of the expectation, not the newest sample."""
    samples = recorded(WIDTH, 1.0, 9.0, 4.0, 6.0)
    samples.baseline = (SECOND_NS, 4 * SECOND_NS)
    outcome = Expression.parse(text, KNOWN).at(ns_of(4.0), samples)
    assert (outcome.text(ns_of(0.5)), outcome.seen) == (shown, seen)


def test_names() -> None:
    """An expression lists the numbers it uses."""
    expression = Expression.parse(f"{KBPS} <  50% of before", KNOWN)
    assert (expression.names, expression.uses_before, str(expression)) == (
        (KBPS,),
        True,
        f"{KBPS} < 50% of before",
    )


def test_free_names() -> None:
    """If pages choose participant names, any name is accepted."""
    assert Expression.parse("client1.video.ada.fps > 3", Known(NAMES)).names == ("client1.video.ada.fps",)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "(",
        "1 < 2",
        f"{FPS} > lambda: 1",
        f"{FPS}[0] > 1",
        f"{FPS} > 1 if 1 else 2",
        f"{FPS} ** 2 > 1",
        f"{FPS} in 3",
        f"{FPS} is 3",
        f"open({FPS}) > 1",
        f"{FPS} > 'x'",
        "client1.connections.c.local < 'relay'",
        f"{FPS} and 1",
        f"{FPS} > before > 50% of before and before > 1",
        f"{FPS} > before + 1",
        f"{FPS} * client1.egress.rate * 1s > 3",
        f"absent({FPS}, 3s)",
        f"mean({FPS})",
        f"mean(3, 3s) > {FPS}",
        f"{'(' * 300}{FPS}",
        f"{FPS} > " + "9" * 600,
        f"_0 > 1 and {FPS} > 1",
        f"{FPS}(3) > 1",
        f"{FPS} > 1 # x",
        f"{FPS} > {{}}",
    ],
)
def test_refused(text: str) -> None:
    """Anything else is rejected in one line, and never executed."""
    with pytest.raises(ValueError, match=r"\S") as caught:
        Expression.parse(text, KNOWN)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("video.b.fps > 3", ("a.video.b.fps",)),
        ("b.video.a.fps > 3 and egress.rate > 1mbit", ("b.video.a.fps", "a.egress.rate")),
        ("mean(video.b.fps, 3s) > 50% of before", ("a.video.b.fps",)),
        ("video.b.fps > 0.5 * before.video.b.fps", ("a.video.b.fps",)),
        ("sfu.metrics.rooms > 0", ("sfu.metrics.rooms",)),
    ],
)
def test_names_of_ones_own(text: str, names: tuple[str, ...]) -> None:
    """With an own client, names without a client prefix refer to it."""
    assert Expression.parse(text, Known(("a", "b"), numbers=("sfu.metrics",), own="a")).names == names


def test_forgotten_samples() -> None:
    """Older samples are dropped, but never the baseline."""
    samples = recorded("a.video.b.fps", *range(10))
    samples.forget(5 * SECOND_NS)
    assert [seconds_of(sample.at_ns) for sample in samples.series("a.video.b.fps")] == [6, 7, 8, 9, 10]
    samples.baseline = (7 * SECOND_NS, 9 * SECOND_NS)
    samples.forget(9 * SECOND_NS)
    assert [seconds_of(sample.at_ns) for sample in samples.series("a.video.b.fps")] == [8, 9, 10]


@pytest.mark.issue(13)
@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("web.http.p96_ms < 1", "no such number 'web.http.p96_ms'; did you mean p95_ms?"),
        ("web.tcp.p95_ms < 1", "'tcp' is not one of http, metrics"),
        ("db.http.p95_ms < 1", "db has no `network`, probe or `metrics` in the stack"),
        ("a.tcp.ms < 1", "'tcp' is not one of video"),
        ("web.http.p95_ms < 5%", "5%"),
    ],
)
def test_numbers_that_are_not_measured(text: str, message: str) -> None:
    """Only what the stack has measured of a service or client can be expected."""
    known = Known(("a", "b"), conditioned=("db",), numbers=("web.http", "web.metrics", "b.tcp"))
    if text.startswith("db"):
        known = Known(("a",), numbers=("web.http", "sfu.tcp"))
        text, message = text.replace("db", "sfu"), "'http' is not one of tcp"
    with pytest.raises(ValueError, match=re.escape(message)):
        Expression.parse(text, known)


@pytest.mark.issue(13)
def test_numbers_that_are_measured() -> None:
    """Of services, servers and clients alike; names of metrics are free."""
    known = Known(("a", "b"), numbers=("web.http", "web.metrics", "b.tcp"))
    text = "web.http.p95_ms < 300ms and b.tcp.errors == 0 and web.metrics.'x{a=\"b.c\"}' > 1"
    text += " and growth(web.http.errors, 5s) < 3"
    names = ("web.http.p95_ms", "b.tcp.errors", 'web.metrics.x{a="b.c"}', "web.http.errors")
    assert Expression.parse(text, known).names == names
