"""What the API is sent and what it answers, with the examples of its description."""

from __future__ import annotations

from ..conditions import DIRECTIONS
from ..version import VERSION
from .condition_shapes import CHANGE, CONDITIONS, STATE_NAME
from .shape import Shape, any_of, flag, listed, mapped, number, one_of, record, text, whole

AT_NS = whole(81_000_000_000_000, description="time of CLOCK_MONOTONIC in ns")
ANY = Shape({}, None)

ERROR = record({"error": text("egress.loss: '120%' is not between 0% and 100%")}).named("Error")
CLOCK = record({"monotonic_ns": AT_NS})
HEALTH = record({"healthy": flag()})
PUBLISHED = record({"published": flag()})
FILES = record({"files": listed(record({"name": text("lte.up"), "bytes": whole(20_480)}))})

_ENTRY = {"id": whole(3), "at_ns": AT_NS}
_TIMES = {
    "in_ns": whole(5_000_000_000, description="time until it starts"),
    "expires_ns": AT_NS,
    "left_ns": whole(9_000_000_000, description="time until it ends"),
}
_LATE = {"late_ns": whole(1_200_000, description="how late it came")}
ENTRY = (
    record(_ENTRY, {"change": CHANGE, "replace": CHANGE, **_TIMES, **_LATE})
    .with_example(
        {
            "id": 3,
            "change": CHANGE.example,
            "at_ns": AT_NS.example,
            "expires_ns": AT_NS.example + 10**10,
            "left_ns": 10**10,
        }
    )
    .named("Entry")
)
_FAILURE = record({"id": whole(2), "at_ns": AT_NS, "error": text("flows.*:udp: no such flow; existing flows: none")})
_SCHEDULE = {
    "leases": listed(ENTRY),
    "scheduled": listed(ENTRY).with_example([]),
    "failed": record({"count": whole(1), "last": listed(_FAILURE)}),
}
_RECORD = record(
    {
        "at_ns": AT_NS,
        "age_s": number(1.2),
        "by": text("page"),
        "kind": Shape({"enum": ["change", "replace", "lease", "expired", "released", "failed", "roam"]}, "lease"),
        "id": whole(3),
    },
    {"change": CHANGE, "lasts_ns": whole(10**10), "to": text("lte", description="where it roamed")},
).named("HistoryRecord")
_WALK = record(
    {
        "state": STATE_NAME,
        "since_ns": AT_NS,
        "until_ns": AT_NS,
        "age_s": number(1.2),
        "states": mapped(record({"entered": whole(3), "spent_s": number(61.5)}), "good", "bad"),
        "past": listed(record({"at_ns": AT_NS, "state": STATE_NAME}), description="the last 32 states, oldest first"),
    }
).named("Walk")
LEASES = record({"monotonic_ns": AT_NS, **_SCHEDULE})

_BY_CAUSE = mapped(whole(60), "loss")
_ACHIEVED = record(
    {},
    {
        "window_s": number(1.05),
        "packets": whole(126),
        "rate_bps": number(1_200_000, description="of what left"),
        "loss": number(0.049, description="share dropped by conditions"),
        "discarded": whole(2, description="dropped by the forwarder or the kernel"),
        "delay_p50_ms": number(80.1),
        "delay_p99_ms": number(80.9),
        "queue_delay_p50_ms": number(31.5, description="waiting in the queue of a rate or rate trace"),
        "queue_delay_p95_ms": number(38.2),
    },
)
_COUNTED = {
    "packets_in": whole(1260),
    "bytes_in": whole(1_512_000),
    "packets_out": whole(1190),
    "bytes_out": whole(1_428_000),
    "duplicated": whole(),
    "originated": whole(),
    "queued": whole(10),
    "dropped": _BY_CAUSE,
    "dropped_bytes": mapped(whole(72_000), "loss"),
    "achieved": _ACHIEVED,
}
COUNTS = record(_COUNTED).named("Counts")
_LINK_COUNTS = record(
    {**_COUNTED, "bypassed": whole(4), "forgotten": record({"conversations": whole(), "fragments": whole()})}
).named("LinkCounts")


def _both(shape: Shape) -> Shape:
    return record(dict.fromkeys(DIRECTIONS, shape))


_LATENESS = record({}, {"p50_ms": number(0.1), "p99_ms": number(0.4), "max_ms": number(0.9)})
_HEALTH = {
    "restarts": whole(),
    "state": one_of("well", "starved", "hangs"),
    "hangs": whole(),
    "starved_s": number(),
}
_FORWARDER = record(
    {
        **_HEALTH,
        "up_s": number(120.5),
        "cpu_s": number(3.2),
        "busy": number(0.03, description="share of one processor in the last second; near 1, no more can be forwarded"),
        "reach_bps": whole(450_000_000, description="estimate of what it forwards of full-size packets, one way"),
        "lateness": _both(_LATENESS),
    }
)
_LOOKUPS = record(
    {
        "lookups": whole(20),
        "delayed": whole(),
        "failed": whole(20, description="answered nxdomain or servfail"),
        "unanswered": whole(),
        "made_up": whole(description="answered with the addresses of `dns`"),
    }
).named("Lookups")
_RESOLVER = record(
    {
        **_HEALTH,
        "lookups": whole(120, description="all, also of names that `dns` does not cover"),
        "names": mapped(_LOOKUPS, "turn.example"),
    },
    {"problem": text("", description="why look-ups are not conditioned although `dns` is set")},
)
_UPLINK = record(
    {
        "uplinks": listed(text("home")).with_example(["home", "lte"]),
        "in_use": text("home").or_null(),
        "address": text("10.64.4.3", description="of the application").or_null(),
        "on_the_way_to": text("lte").or_null(),
    }
).named("Uplink")
_STATE = {
    "version": text(VERSION),
    "name": text("client1"),
    "lab": text("call"),
    "startup": CONDITIONS,
    "seed": whole(5),
    "problem": text("http://sfu/: net::ERR_CONNECTION_REFUSED").or_null(),
    "self_control": flag(False),
    "screen_port": whole(5901).or_null(),
    "may_change": flag(),
    "monotonic_ns": AT_NS,
    "conditions": CONDITIONS,
    "base": CONDITIONS,
    **_SCHEDULE,
    "history": listed(_RECORD),
    "forwarder": _FORWARDER,
    "links": _both(_LINK_COUNTS),
    "flows": mapped(_both(COUNTS), "default", "*:rtp"),
}
_AT_TIMES = {"walk": _WALK, "dns": _RESOLVER, "uplink": _UPLINK}
STATE = record(_STATE, _AT_TIMES).named("State")
_PREVIEW = record({"conditions": CONDITIONS, "monotonic_ns": AT_NS, "state": STATE}).named("Preview")
_SCHEDULED = record({**_STATE, "entry": ENTRY}, _AT_TIMES).named("StateWithEntry")
CHANGED = any_of(STATE, _SCHEDULED, _PREVIEW)

STATS_PUBLISHED = mapped(ANY).with_example({"video": {"client2": {"fps": 15}}})
_PROBED = record({"values": mapped(number(101.5), "p95_ms"), "age_s": number(0.2)})
STATS = record(
    {"values": STATS_PUBLISHED, "age_s": mapped(number(0.2), "video")},
    {"probes": mapped(mapped(_PROBED, "http"), "web")},
)
STATS_KEPT = record({"published": flag(), "pictures": flag(False)})

_PICTURE = {"number": whole(12), "age_s": number(0.4), "jpeg": text("/9j/4AAQ", description="in base64")}
PICTURES = record(
    {
        "pictures": mapped(record(_PICTURE), "client2"),
        "count": whole(12, description="the number of the last picture"),
        "cpu_percent": number(0.6, description="what taking them costs, in % of a core").or_null(),
        "judged": flag(False),
    }
)
PICTURE = text("", description="a JPEG picture of at most 32 kB")
PICTURE_KEPT = record({"wanted": flag()})

_CONSOLE_ENTRY = {
    "time_s": number(1_795_919_611.5),
    "kind": text("error"),
    "text": text("Uncaught TypeError: x is undefined"),
    "where": text("http://sfu/room.js:12"),
}
CONSOLE_POSTED = record({"entries": listed(record(_CONSOLE_ENTRY))}, {"lost": whole(minimum=0)})
CONSOLE = record({"entries": listed(record({"number": whole(12), **_CONSOLE_ENTRY})), "count": whole(12)})

_CONDITION = {
    "name": text("queue"),
    "help": text("how much may wait at the bottleneck"),
    "example": text("200ms"),
    "needs": listed(text("rate")),
    "among": listed(text("codel"), description="the words of what it needs with which it has an effect; empty: any"),
    "excludes": text("distribution").or_null(),
    "kind": text("queue"),
}
CONDITION_FIELDS = record({"conditions": listed(record(_CONDITION, {"choices": listed(text("droptail"))}))})

_TRAFFIC_ROW = record(
    {
        "remote": text("10.0.0.2"),
        "name": text("sfu").or_null(),
        "protocol": text("udp"),
        "port": whole(20_004).or_null(),
        "media": text("rtp").or_null(),
        "payload_type": whole(96).or_null(),
        "kind": text("video").or_null(),
        "codec": text("VP8").or_null(),
        "packets_s": number(120.0),
        "bits_s": number(1_200_000.0),
        "dropped_s": mapped(number(5.0), "loss"),
        "delay_ms": number(20.1).or_null(),
        "flow": text("default"),
        "match": text("sfu:rtp,pt=96"),
    }
)
_REST = record({"rows": whole(), "packets_s": number(), "bits_s": number()})
TRAFFIC = record(
    {
        "monotonic_ns": AT_NS,
        "window_s": number(1.0),
        "watching": flag(),
        **dict.fromkeys(DIRECTIONS, listed(_TRAFFIC_ROW.named("TrafficRow"))),
        "rest": _both(_REST),
    }
)

_QOS_VALUES = record(
    {
        "rate": number(1_000_000),
        "loss": number(0.05),
        "latency": number(80),
        "jitter": number(20),
        "jitter_strength": number(0.5),
        "reorder_packets": flag(False),
    }
).named("QosValues")
_QOS_MATCH = record(
    {"ip": number(0x0100007F), "protocol": number(17), "port_min": number(0), "port_max": number(65_535)}
)
QOS = record(
    {
        "default_link": _both(_QOS_VALUES),
        "flows": listed(record({"label": text("udp"), "flow": _QOS_MATCH, "link": _both(_QOS_VALUES)})),
    }
)

OPENAPI = mapped(ANY).with_example({"openapi": "3.1.0"})
FILE_TEXT = text("1\n5\n9\n")
METRICS = text('synthlab_link_packets_in_total{direction="egress"} 1260.0\n')
EVENTS = text('event: state\ndata: {"version": "..."}\n\n')
PAGE = text("<!doctype html>")
PROFILE = text("", description="2048 rows of three 64-bit words, little-endian")
DONE = text("OK")
