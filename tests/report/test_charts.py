"""The chart rows of a client, and their lines."""

from __future__ import annotations

from dataclasses import replace

import pytest

from synthlab.report.chart import Row, broken
from synthlab.report.client_charts import seen_rows
from synthlab.report.clients_shown import MOST_DRAWN, MOST_OPEN, chosen, drawable
from synthlab.report.configured import ConfiguredLinks
from synthlab.report.network import flow_rows, growth, network_rows
from synthlab.scenario.record import Configured, Judged, Record, Series

from . import records


def rows(record: Record, client: str) -> dict[str, Row]:
    configured = ConfiguredLinks.of(record.configured, client, 45.0)
    shown = (*network_rows(client, record.samples, configured), *seen_rows(record, client))
    return {row.title: row for row in shown}


def names(row: Row) -> list[str]:
    return [line.name for line in row.lines]


def test_configured_beside_achieved() -> None:
    """The impaired client has its configured rate and delay next to the measured ones, its queue and its drops."""
    found = rows(records.dog(), "client2")
    assert names(found["egress rate"]) == ["configured", "achieved"]
    assert names(found["ingress rate"]) == ["achieved"]
    assert names(found["loss"]) == ["egress achieved", "ingress achieved"]
    assert names(found["egress delay"]) == ["configured", "achieved p50", "achieved p99"]
    assert names(found["packets in queues and delays"]) == ["egress", "ingress"]
    assert names(found["dropped packets"]) == ["egress queue"]
    limits = {value for value in found["egress rate"].lines[0].values if value is not None}
    assert limits == {100_000}
    band = found["egress delay"].lines[0]
    assert (set(band.low or ()), set(band.values)) == ({15}, {25})


def test_what_is_received_and_sent() -> None:
    """Frames and bit rate of each participant, and the client's own; kbit/s are drawn as bit/s."""
    found = rows(records.dog(), "client1")
    assert names(found["video frames"]) == ["from client2", "from bot-1", "from bot-2", "sent"]
    assert names(found["audio rate"]) == ["from client2", "from bot-1", "from bot-2"]
    sample = records.dog().samples["client1.video.client2.kbps"].values[0]
    assert isinstance(sample, float)
    assert found["video rate"].lines[0].values[0] == sample * 1000
    assert "dropped packets" not in found


def test_gaps() -> None:
    """Samples more than APART_S apart are not connected."""
    assert broken([1, 2, 5, 8.5], [10, 20, 30, 40]) == ([1, 2, 5, 6.75, 8.5], [10, 20, 30, None, 40])
    assert broken([], []) == ([], [])
    line = rows(records.holed(), "client1")["video frames"].lines[0]
    hole = [time for time, value in zip(line.times_s, line.values, strict=True) if value is None]
    assert len(hole) == 1
    assert 12 < hole[0] < 22


def test_nothing_measured() -> None:
    """A client that reported nothing has only its configured values."""
    found = rows(records.holed(), "bot-2")
    assert {title: names(row) for title, row in found.items()} == {
        "egress delay": ["configured"],
        "ingress delay": ["configured"],
    }


def test_growth() -> None:
    """A counter is drawn as its rate per second; a reset or a long time without samples leaves a gap."""
    series = Series(times_s=[0, 1, 3, 4, 9], values=[0, 5, 9, 2, 7])
    assert growth(series) == ([1, 3, 4, 9], [5, 2, None, None])


def test_drops_from_the_first_on() -> None:
    """A cause reported only after its first drop counts as zero before."""
    held = Series(times_s=[0, 1, 2, 3], values=[0, 0, 9, 9])
    dropped = Series(times_s=[2, 3], values=[7, 11])
    samples = {"client1.egress.queued": held, "client1.egress.dropped.queue": dropped}
    line = rows(replace(records.dog(), samples=samples), "client1")["dropped packets"].lines[0]
    assert (line.times_s, line.values) == ([1, 2, 3], [0, 7, 4])


def test_flows_have_rows_of_their_own() -> None:
    """A flow with values or numbers has its own rows."""
    flow = {"flows": {"*:udp": {"egress": {"rate": "1mbit"}}}}
    configured = (Configured(at_s=0, client="client2", conditions=flow),)
    series = Series(times_s=[1, 2], values=[900_000, 950_000])
    samples = {**records.dog().samples, "client2.flows.*:udp.egress.rate": series}
    ((name, (rate,)),) = flow_rows("client2", samples, ConfiguredLinks.of(configured, "client2", 45.0))
    assert (name, rate.title, names(rate)) == ("*:udp", "egress rate", ["configured", "achieved"])
    assert rate.lines[1].values == [900_000, 950_000]


def test_the_delay_in_a_queue_beside_its_length() -> None:
    """The wait that was measured in a queue is drawn beside the longest that the queue allows."""
    conditions = {"egress": {"rate": "1mbit", "queue": "300ms"}}
    samples = {
        f"client2.egress.queue_delay_{of}": Series(times_s=[0, 1], values=[20.0, 280.0]) for of in ("p50", "p95")
    }
    configured = (Configured(at_s=0, client="client2", conditions=conditions),)
    record = replace(records.dog(), samples=samples, configured=configured)
    row = rows(record, "client2")["egress delay in the queue"]
    assert names(row) == ["longest possible", "achieved p50", "achieved p95"]
    assert set(row.lines[0].values) == {300.0}
    assert row.lines[2].values == [20.0, 280.0]


def test_nothing_to_show() -> None:
    """A row in which nothing is configured, and nothing but zeros was measured, is left out, until there is one."""
    samples = {
        "client1.egress.loss": Series(times_s=[0, 1], values=[0.0, 0.0]),
        "client1.egress.delay_p50": Series(times_s=[0, 1], values=[0.1, 0.3]),
        "client1.egress.rate": Series(times_s=[0, 1], values=[0.0, 1000.0]),
    }
    record = replace(records.dog(), samples=samples, configured=())
    assert list(rows(record, "client1")) == ["egress rate"]
    lossy = {**samples, "client1.egress.loss": Series(times_s=[0, 1], values=[0.0, 0.1])}
    assert list(rows(replace(record, samples=lossy), "client1")) == ["egress rate", "loss"]


def test_numbers_that_expectations_name() -> None:
    """A number without a row gets one if an expectation read it, words included."""
    name = "client1.connections.main.local"
    asked = Judged(id="6", kind="expect", text=f"expect {name} == 'relay'", place="s.yaml:9", verdict="passed")
    samples = {name: Series(times_s=[1, 2], values=["host", "relay"])}
    record = replace(records.dog(), judged=(replace(asked, seen={name: "relay"}),), samples=samples)
    assert rows(record, "client1")[name].lines[0].values == ["host", "relay"]


def test_whom_to_show() -> None:
    """Clients named in expectations or changed are shown unfolded, the others folded."""
    choice = chosen(records.dog())
    assert (choice.opened, choice.folded, choice.left_out) == (("client2", "client1"), ("bot-1", "bot-2"), ())


def test_a_crowd() -> None:
    """Of 50 clients the two that matter are unfolded, some are folded, and the others are only listed."""
    choice = chosen(records.crowd())
    assert choice.opened == ("client2", "client1")
    assert len(choice.opened + choice.folded) == MOST_DRAWN
    assert len(choice.left_out) == 50 - MOST_DRAWN


def test_all_were_changed() -> None:
    """If every client of a large call was changed, only some are unfolded."""
    record = records.crowd()
    changes = tuple(Configured(at_s=9, client=name, conditions={"egress": {"loss": "1%"}}) for name in record.clients)
    choice = chosen(replace(record, configured=(*record.configured, *changes)))
    assert len(choice.opened) == MOST_OPEN
    assert choice.opened[:2] == ("client1", "client2")


def test_many_participants() -> None:
    """More participants than colours are not all drawn; the one in an expectation is, and the title gives the rest."""
    found = rows(records.crowd(), "client1")
    row = found["video frames (42 more participants not drawn)"]
    assert names(row)[0] == "from client2"
    assert len(row.lines) == 8


@pytest.mark.issue(11)
def test_conditioned_servers() -> None:
    """A server is drawn if it had conditions, or if an expectation read the media server's metrics."""
    record = records.dog()
    assert drawable(record) == record.clients
    begun = Configured(at_s=0.0, client="turn", conditions={})
    looked = replace(record.judged[0], seen={"sfu.metrics.rooms": 1.0})
    record = replace(record, configured=(*record.configured, begun), judged=(*record.judged, looked))
    assert drawable(record) == (*record.clients, "turn", "sfu")


@pytest.mark.issue(13)
def test_probes() -> None:
    """A service that is probed is drawn: times in one row, errors in another, and nothing twice."""
    record = records.dog()
    times = {f"web.http.{key}": Series(times_s=(0, 1), values=(5.0, 6.0)) for key in ("ms", "p50_ms", "p95_ms")}
    errors = {"web.http.errors": Series(times_s=(0, 1), values=(0, 1))}
    published = {"web.metrics.files": Series(times_s=(0, 1), values=(7, 7))}
    looked = replace(record.judged[0], seen={"web.http.p95_ms": 6.0, "web.metrics.files": 7})
    record = replace(
        record, samples={**record.samples, **times, **errors, **published}, judged=(*record.judged, looked)
    )
    assert drawable(record) == (*record.clients, "web")
    found = rows(record, "web")
    assert list(found) == ["http probe", "http errors so far", "web.metrics.files"]
    assert names(found["http probe"]) == ["last answer", "p50", "p95"]
