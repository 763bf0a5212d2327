"""Texts in tc's words, and what each is here: the values, and a part of each note."""

from __future__ import annotations

from typing import NamedTuple


class Case(NamedTuple):
    text: str
    values: dict[str, object]
    notes: tuple[str, ...] = ()


LIMIT = "the kernel holds 1000 packets unless its limit says otherwise"

CASES = [
    Case(
        "delay 150ms 30ms distribution normal loss 10% 25%; tbf rate 768kbit",
        {
            "rate": "768kbit",
            "loss": "10%",
            "loss_correlation": "25%",
            "latency": "150ms",
            "jitter": "30ms",
            "distribution": "normal",
            "reordering": True,
        },
        (
            "deprecated, makes it 1.75 % of packets, 10.82 % after a hit; here it is 10 %, 32.50 % after a hit",
            LIMIT,
            "tc-tbf requires a burst",
            "tc-tbf requires a limit or a latency",
            "tc-netem applies loss, jitter before its tbf; here the bottleneck comes first",
        ),
    ),
    Case(
        "delay 70ms 20ms loss 2% 25%",
        {"loss": "2%", "loss_correlation": "25%", "latency": "70ms", "jitter": "20ms", "reordering": True},
        ("makes it 0.01 % of packets", LIMIT),
    ),
    Case("loss 20% 75%", {"loss": "20%", "loss_correlation": "75%"}, ("makes it 0.12 % of packets",)),
    Case(
        "delay 200ms 40ms 25% loss 15.3% 25% duplicate 1% corrupt 0.1% reorder 5% 50%",
        {
            "loss": "15.3%",
            "loss_correlation": "25%",
            "corrupt": "0.1%",
            "duplicate": "1%",
            "latency": "200ms",
            "jitter": "40ms",
            "jitter_correlation": "25%",
            "reordering": True,
            "early": "5%",
            "early_correlation": "50%",
        },
        (
            "the kernel's delays do not follow one another",
            "makes it 5.34 % of packets",
            "reorder 5 % 50 %: the kernel's own law of correlation makes it less than 0.01 % of packets",
            "tc's reorder lets packets skip the delay, which is early here",
            LIMIT,
        ),
    ),
    Case(
        "delay 100ms 20ms distribution normal reorder 25% 50% loss 20% 25%; tbf rate 10mbit buffer 75000 latency 5ms",
        {
            "rate": "10mbit",
            "burst": "75kb",
            "queue": "81250b",
            "loss": "20%",
            "loss_correlation": "25%",
            "latency": "100ms",
            "jitter": "20ms",
            "distribution": "normal",
            "reordering": True,
            "early": "25%",
            "early_correlation": "50%",
        },
        (
            "loss 20 % 25 %",
            "reorder 25 % 50 %",
            "which is early here",
            LIMIT,
            "rate x latency + burst = 81250 bytes",
            "here the bottleneck comes first",
        ),
    ),
    Case(
        "delay 20ms reorder 25% 50%",
        {"latency": "20ms", "early": "25%", "early_correlation": "50%"},
        ("makes it 6.94 % of packets, 30.00 % after a hit", "which is early here", LIMIT),
    ),
    Case(
        "delay 10ms reorder 25% 50% gap 5",
        {"latency": "10ms", "early": "25%", "early_correlation": "50%", "early_gap": "5p"},
        ("reorder 25 % 50 %", "which is early here", "every 5th packet skips the delay, here 12.50 % of all", LIMIT),
    ),
    Case(
        "slot distribution pareto 0.1ms 3.0ms", {"slot": "100us", "slot_jitter": "3ms", "slot_distribution": "pareto"}
    ),
    Case(
        "slot 800us bytes 64k packets 42",
        {"slot": "800us", "slot_packets": "42p", "slot_bytes": "65536b"},
        ("the kernel lets the last packet of a slot exceed its bytes",),
    ),
    Case("rate 5mbit 0 0 10", {"rate": "5mbit"}, ("a cell overhead of 10 bytes has no effect without a cell size",)),
    Case("loss gemodel 1% 10% 70% 0.1%", {"loss_gemodel": "1% 10% 70% 0.1%"}),
    Case("loss state 1% 10% 5% 50% 0.1%", {"loss_state": "1% 10% 5% 50% 0.1%"}),
    Case("rate 1mbps", {"rate": "8mbit"}, ("1mbps is in bytes per second in tc: 8mbit",)),
    # The whole language beyond these.
    Case("loss random 5%", {"loss": "5%"}),
    Case("drop 5", {"loss": "5%"}),
    Case("loss gemodel 1%", {"loss_gemodel": "1% 99% 100% 0%"}),
    Case("loss state 1%", {"loss_state": "1% 99% 0% 100% 0%"}),
    Case("netem corrupt 1% 30%", {"corrupt": "1%", "corrupt_correlation": "30%"}, ("corrupt 1 % 30 %",)),
    Case("duplicate 1% 30%", {"duplicate": "1%", "duplicate_correlation": "30%"}, ("duplicate 1 % 30 %",)),
    Case("slot 1ms 5ms", {"slot": "1ms-5ms"}),
    Case(
        "rate 1mbit 20 100 5",
        {"rate": "1mbit", "overhead": "20b", "cell": "100b", "cell_overhead": "5b"},
    ),
    Case(
        "delay 100ms 20ms rate 1mbit limit 50",
        {"rate": "1mbit", "queue": "50p", "latency": "100ms", "jitter": "20ms", "latency_limit": "50p"},
        (
            "jitter keeps the order of packets beside a rate",
            "here each has its own",
            "what finds the limit reached is dropped",
            "tc-netem applies jitter before its rate",
        ),
    ),
    Case(
        "tbf rate 0.5mbit burst 5kb limit 10k",
        {"rate": "500kbit", "burst": "5120b", "queue": "10240b"},
    ),
    Case(
        "tbf rate 1mbit burst 32kbit/8 latency 400ms overhead 4",
        {"rate": "1mbit", "burst": "4096b", "queue": "54096b", "overhead": "4b"},
        ("rate x latency + burst = 54096 bytes",),
    ),
    Case(
        "tbf rate 1mbit burst 1000 limit 5000",
        {"rate": "1mbit", "burst": "1kb", "queue": "5kb"},
        ("the kernel drops packets longer than the burst",),
    ),
    Case("tc qdisc add dev eth0 root handle 1: netem loss 1%", {"loss": "1%"}),
    Case(
        "tc qdisc add dev eth0 root netem delay 1sec; tc qdisc add dev eth0 root tbf rate 1kibit burst 5k limit 5k",
        {"rate": "1.024kbit", "burst": "5120b", "queue": "5120b", "latency": "1s"},
        (LIMIT,),
    ),
]

REFUSED = {
    "limit 1000": "limit: nothing waits without a delay or a rate; the nearest here are latency_limit beside a latency "
    "and queue beside a rate",
    "": "says nothing; expected options of tc-netem(8) such as delay 100ms 20ms distribution normal loss 1% 25%",
    "los 5%": "'los' is not an option; did you mean loss?; allowed: limit, delay, latency, distribution, loss, drop, "
    "corrupt, duplicate, reorder, gap, rate, slot",
    "loss": "loss: requires a percentage such as 5%",
    "loss 120%": "loss: '120%' is not a percentage such as 5%",
    "loss 1% 100%": "loss: loss_correlation '100%' is not below 100%: the first packet would decide for all",
    "loss 5% ecn": "loss: ecn is not available; the nearest here is ecn with aqm codel, which marks where it would "
    "drop",
    "loss 5% loss 6%": "loss: is given twice",
    "delay 100": "delay: '100' is not a time with its unit, such as 100ms",
    "delay 99s": "delay: latency '99s' is not between 0ms and 60s",
    "delay 9ms distribution normal": "distribution: requires a delay with jitter, such as delay 100ms 20ms",
    "delay 9ms 1ms distribution wifi": "distribution: 'wifi' is not one of uniform, normal, pareto, paretonormal "
    "(a table of your own is jitter_table here)",
    "reorder 25%": "reorder: requires a delay, which the reordered packets skip; the nearest here is reorder, without "
    "netem: it lets later packets overtake a share",
    "delay 1ms gap 5": "gap: requires reorder, such as reorder 25% gap 5",
    "seed 5": "seed: is not part of a link here; the nearest is the seed of all draws: --seed N, or seed: N in files",
    "rate 1mbit -14": "rate: -14 bytes per packet are not available; the nearest here is overhead, from 0b",
    "rate 1mbit 0 -5": "rate: negative cells are not available; the nearest here are cell and cell_overhead, from 0",
    "rate 0": "rate: '0' is not a rate such as 1mbit",
    "rate 1megabit": "rate: '1megabit' is not a rate such as 1mbit",
    "rate 1mbit; tbf rate 1mbit": "tbf: netem has a rate already; a direction has one bottleneck",
    "loss 1%; loss 2%": "netem is given twice; a direction has one",
    "tbf burst 5kb": "tbf: requires a rate",
    "tbf rate 1mbit limit 5k latency 5ms": "tbf: limit and latency exclude each other; give one of them",
    "tbf rate 1mbit 5": "rate: has a number too many; a tbf's bytes per packet are its overhead",
    "tbf rate 1mbit peakrate 2mbit": "peakrate: is not available; the nearest here is rate without a burst, which "
    "never exceeds its rate",
    "tc qdisc add dev eth0 root fq": "this command of tc has neither netem nor tbf",
}
