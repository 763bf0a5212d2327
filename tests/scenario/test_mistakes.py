"""Mistakes in scenario files: each is reported on one line with the position, the problem and what is allowed."""

from __future__ import annotations

from pathlib import Path

import pytest

from .files import refused

FPS = "client1.video.client2.fps"

# Steps, which start at line 3, and the message after the file's name.
STEPS = {
    "no list": ("  set: client2\n", "2: steps: a mapping is not a list of steps such as "),
    "no step at all": ("  []\n", "2: steps: has 0 steps; expected 1 to 1000"),
    "a word": ("  - reset\n", "3: steps[0]: 'reset' is not a step such as {set: client2, egress: {rate: 1mbit}}"),
    "no such step": ("  - {rset: client2}\n", "3: steps[0]: not a step; did you mean reset?; expected one of set, "),
    "two steps": (
        "  - reset: client2\n    wait: 3s\n",
        "4: steps[0].wait: starts a second step in the entry of reset; put it in a list entry of its own",
    ),
    "no such key": (
        "  - set: client2\n    egres: {rate: 1mbit}\n",
        "4: steps[0].egres: set has no such key; did you mean egress?; allowed: set, profile, netem, ingress, egress, ",
    ),
    "no such client": (
        "  - reset: cleint2\n",
        "3: steps[0].reset: no client 'cleint2' in this stack; did you mean client2?",
    ),
    "no such group": (
        "  - reset: [client1, bots]\n",
        "3: steps[0].reset[1]: no client 'bots' in this stack; did you mean bot?",
    ),
    "no client": ("  - reset: []\n", "3: steps[0].reset: is empty; expected at least one client, or all"),
    "unconditioned sfu": (
        "  - {set: sfu, egress: {loss: 1%}}\n",
        "3: steps[0].set: sfu is not conditioned; add `network: {}` to it in the stack",
    ),
    "no values": (
        "  - set: client2\n",
        "3: steps[0]: changes nothing; add values such as egress: {rate: 1mbit}",
    ),
    "no such condition": (
        "  - set: client2\n    egress:\n      los: 1%\n",
        "5: steps[0].egress.los: no such condition; did you mean loss?; allowed: rate, ",
    ),
    "bare number": (
        "  - {set: client2, egress: {rate: 1000}}\n",
        "3: steps[0].egress.rate: 1000 is not a rate such as 500kbit, 1.5mbit or 2gbit, or unlimited",
    ),
    "share above 100 %": (
        "  - {set: client2, both: {loss: 120%}}\n",
        "3: steps[0].both.loss: '120%' is not between 0% and 100%",
    ),
    "no such profile": (
        "  - {set: client2, profile: wpt/3gg}\n",
        "3: steps[0].profile: no such profile 'wpt/3gg'; did you mean wpt/3g?; there are: ",
    ),
    "states without a mean": (
        "  - states: client2\n    walk:\n      good: {mean: 20s}\n      bad: {both: {loss: 5%}}\n    for: 10s\n",
        "6: steps[0].walk.bad: has no mean: the mean time in this state, such as mean: 5s",
    ),
    "a state that changes too often": (
        "  - states: client2\n    walk:\n      good: {mean: 20s}\n      bad: {mean: 0.5s}\n    for: 10s\n",
        "6: steps[0].walk.bad.mean: must be at least 1s in a step",
    ),
    "a state that is never reached": (
        "  - states: client2\n    for: 10s\n    walk:\n      a: {mean: 2s, to: {b: 1}}\n"
        "      b: {mean: 2s, to: {a: 1}}\n      c: {mean: 2s}\n",
        "8: steps[0].walk.c: is never reached from a; name it in the `to` of another state",
    ),
    "a walk without an end": (
        "  - states: client2\n    walk: {good: {mean: 20s}, bad: {mean: 2s}}\n",
        "3: steps[0]: states requires for: duration",
    ),
    "a walk of too many changes": (
        "  - states: client2\n    walk: {good: {mean: 20s}, bad: {mean: 1s}}\n    for: 11h\n",
        "5: steps[0].for: would result in more than 36000 changes; decrease it",
    ),
    "no flow": (
        "  - set: client2\n    flows: {'*:upd': {egress: {loss: 1%}}}\n",
        "4: steps[0].flows.*:upd: 'upd' is not a protocol (did you mean udp?): ",
    ),
    "flow that another hides": (
        "  - set: client2\n    flows: {'*:udp': {egress: {loss: 1%}}, '*:udp:5000': {egress: {loss: 2%}}}\n",
        "3: steps[0]: client2: flows.*:udp:5000: never matches: the earlier flow '*:udp' takes all its packets",
    ),
    "void value": (
        "  - {set: client2, egress: {queue: 1s}}\n",
        "3: steps[0]: client2: egress.queue: requires rate or rate_trace",
    ),
    "void value when a lease ends": (
        "  - {at: 0s, set: client2, egress: {rate: 1mbit}, for: 5s}\n  - {at: 1s, set: client2, egress: {queue: 1s}}\n",
        "4: steps[1]: from 5s, after an earlier step has ended: client2: egress.queue: requires rate",
    ),
    "void whole": (
        "  - {set: client2, replace: true, egress: {queue: 1s}}\n",
        "3: steps[0].egress.queue: requires rate or rate_trace",
    ),
    "no trace": (
        "  - {set: client2, egress: {rate_trace: ./none}}\n",
        "3: steps[0].egress.rate_trace: FOLDER/none: No such file or directory",
    ),
    "bare time": ("  - wait: 10\n", "3: steps[0].wait: 10 is not a time such as 500ms, 10s, 5min or 1h"),
    "lease too short": (
        "  - {set: client2, egress: {loss: 1%}, for: 50ms}\n",
        "3: steps[0].for: '50ms' is not a time from 0.1s to 86400s",
    ),
    "at and after": (
        "  - {wait: 1s, at: 1s, after: 2s}\n",
        "3: steps[0].after: cannot be combined with `at`; use one of them",
    ),
    "at before the step before": (
        "  - {at: 10s, reset: all}\n  - {at: 5s, wait: 1s}\n",
        "4: steps[1].at: 5s is before 10s, the time of the previous step (line 3); list steps in order of time",
    ),
    "ramp without end": ("  - {ramp: client2, egress: {rate: [1mbit, 2mbit]}}\n", "3: steps[0]: ramp requires over: "),
    "ramp of one value": (
        "  - {ramp: client2, egress: {rate: 1mbit}, over: 5s}\n",
        "3: steps[0].egress.rate: '1mbit' is not two values such as [1mbit, 1mbit]",
    ),
    "ramp of a word": (
        "  - {ramp: client2, egress: {aqm: [codel, droptail]}, over: 5s}\n",
        "3: steps[0].egress.aqm: cannot vary over time; only numeric conditions can",
    ),
    "ramp from 0": (
        "  - {ramp: client2, egress: {loss: [0%, 5%]}, over: 5s, shape: exponential}\n",
        "3: steps[0].shape: an exponential ramp cannot start or end at 0",
    ),
    "lease shorter than its ramp": (
        "  - {ramp: client2, egress: {loss: [1%, 5%]}, over: 5s, for: 3s}\n",
        "3: steps[0].for: 3s is shorter than the ramp (5s)",
    ),
    "no such shape": (
        "  - {wave: client2, egress: {loss: [1%, 5%]}, period: 5s, for: 9s, shape: sin}\n",
        "3: steps[0].shape: 'sin' is not one of sine, square; did you mean sine?",
    ),
    "wave too coarse": (
        "  - {wave: client2, egress: {loss: [1%, 5%]}, period: 1s, for: 9s, every: 1s}\n",
        "3: steps[0].every: must be at most a quarter of the period (1s)",
    ),
    "too many changes": (
        "  - {random: client2, egress: {loss: [1%, 5%]}, for: 24h, every: 1s}\n",
        "3: steps[0].every: results in more than 36000 changes; increase it",
    ),
    "trace of what": (
        "  - {trace: client2, for: 5s}\n",
        "3: steps[0]: requires either `csv` or rate traces for `ingress`, `egress` or both",
    ),
    "no such csv": (
        "  - {trace: client2, csv: no.csv}\n",
        "3: steps[0].csv: FOLDER/no.csv: No such file or directory",
    ),
    "bad csv": (
        "  - {trace: client2, csv: bad.csv}\n",
        "3: steps[0].csv: FOLDER/bad.csv: line 3: '5' is not a rate such as 500kbit",
    ),
    "repeat never": ("  - {repeat: 0, steps: [{wait: 1s}]}\n", "3: steps[0].repeat: 0 is not a whole number from 1 to"),
    "repeat without steps": ("  - repeat: 2\n", "3: steps[0]: repeat requires steps: the steps to repeat"),
    "mistake in a repetition": (
        "  - repeat: 2\n    steps:\n      - wait: 1s\n      - reset: cleint1\n",
        "6: steps[0].steps[1].reset: no client 'cleint1' in this stack; did you mean client1?",
    ),
    "too many steps": (
        "  - repeat: 1000\n    steps: [{repeat: 1000, steps: [{wait: 1s}]}]\n",
        "4: steps[0].steps[0].steps[0]: exceeds 20000 steps, counting repetitions; repeat fewer times",
    ),
    "order of no such flow": (
        "  - {set: client2, flows: {'*:udp': {}}, order: ['*:tcp']}\n",
        "3: steps[0]: client2: order: no such flow '*:tcp'; existing flows: *:udp",
    ),
    "an order that hides a flow": (
        "  - {set: client2, flows: {'*:rtp': {}, '*:udp': {}}, order: ['*:udp']}\n",
        "3: steps[0]: client2: flows.*:rtp: never matches: the earlier flow '*:udp' takes all its packets; put this ",
    ),
    "order of what": (
        "  - {set: client2, order: '*:udp'}\n",
        "3: steps[0].order: '*:udp' is not a list of flows such as ['sfu:rtp', '*:udp']",
    ),
    "muted how": ("  - {set: client2, muted: 5s}\n", "3: steps[0].muted: '5s' is not true or false"),
    "muted over time": (
        "  - {ramp: client2, flows: {'*:udp': {muted: true}}, over: 5s}\n",
        "3: steps[0].flows.*:udp.muted: no such key; allowed: match, ingress, egress, both",
    ),
    "no tracks": ("  - parallel: []\n", "3: steps[0].parallel: has 0 tracks; expected 1 to 32"),
    "partition of one": (
        "  - partition: [client1, client1]\n",
        "3: steps[0].partition: [client1, client1] is not a pair of different participants such as [client1, sfu]",
    ),
    "partition of no direction": (
        "  - {partition: [client1, sfu], direction: a-to-c}\n",
        "3: steps[0].direction: 'a-to-c' is not one of both, a-to-b, b-to-a; did you mean a-to-b?",
    ),
    "partition of no such key": (
        "  - {partition: [client1, sfu], directon: a-to-b}\n",
        "3: steps[0].directon: partition has no such key; did you mean direction?; allowed: ",
    ),
    "partition one way": (
        "  - {partition: [client1, sfu], way: forth}\n",
        "3: steps[0].way: partition has no such key; allowed: partition, direction, answer, for, at, after, mark",
    ),
    "near a key of every step": (
        "  - {wait: 1s, aftre: 2s}\n",
        "3: steps[0].aftre: wait has no such key; did you mean after?; allowed: wait, at, after, mark",
    ),
    "mark has its own key once": (
        "  - {mark: here, colour: red}\n",
        "3: steps[0].colour: mark has no such key; allowed: mark, at, after",
    ),
    "traffic of the sfu": (
        "  - {traffic: sfu, for: 5s}\n",
        "3: steps[0].traffic: no client 'sfu' in this stack; there are: client1, client2, bot-1, bot-2",
    ),
    "block of a protocol": (
        "  - block: udp\n",
        "3: steps[0].block: 'udp' is a protocol: put it after the host; did you mean *:udp?",
    ),
    "block of two ports": (
        "  - block: '*:udp:1000,2000'\n",
        "3: steps[0].block: '2000' is not a packet mark; expected pt=N or ssrc=N; "
        "these are 2 flows: *:udp:1000 and *:udp:2000",
    ),
    "block of nobody": (
        "  - block: 'cleint2:udp'\n",
        "3: steps[0].block: no host 'cleint2' in this lab; did you mean client2?; there are: client1, client2, ",
    ),
    "flow of nobody": (
        "  - set: client1\n    flows:\n      'any:udp': {egress: {loss: 5%}}\n",
        "5: steps[0].flows.any:udp: no host 'any' in this lab; did you mean *?; there are: client1, ",
    ),
    "match of nobody": (
        "  - set: client1\n    flows:\n      x: {match: 'sfuu', egress: {loss: 5%}}\n",
        "5: steps[0].flows.x.match: no host 'sfuu' in this lab; did you mean sfu?; ",
    ),
    "flow of a group": (
        "  - block: bot\n",
        "3: steps[0].block: 'bot' is a group: name one of its clients, bot-1, bot-2",
    ),
    "block of a port": (
        "  - block: 'sfu:80'\n",
        "3: steps[0].block: 80 is a protocol number here; for the port write sfu:*:80",
    ),
    "block of nothing": ("  - block: ''\n", "3: steps[0].block: '' is not a flow such as '*:udp'"),
    "no such answer": (
        "  - {block: '*:udp', answer: rest}\n",
        "3: steps[0].answer: 'rest' is not one of silent, reset, ",
    ),
    "link of nobody": ("  - link: down\n", "3: steps[0]: link requires on: clients, groups or all"),
    "link up for a time": (
        "  - {link: up, on: client2, for: 3s}\n",
        "3: steps[0].for: requires `link: down`; a link that goes up stays up",
    ),
    "unpause what runs": ("  - unpause: client2\n", "3: steps[0]: cannot unpause client2: it is running at that time"),
    "set on what is stopped": (
        "  - stop: client2\n  - {set: client2, egress: {loss: 1%}}\n",
        "4: steps[1]: client2 is stopped at that time (since line 3)",
    ),
    "traffic on itself": (
        "  - {traffic: client1, to: client1, for: 5s}\n",
        "3: steps[0].to: is the client itself; name another client or sfu",
    ),
    "traffic without rate": (
        "  - {traffic: client1, protocol: udp, for: 5s}\n",
        "3: steps[0]: requires `rate`, because UDP has no congestion control",
    ),
    "a congestion control of datagrams": (
        "  - {traffic: client1, protocol: udp, rate: 1mbit, congestion: bbr, for: 5s}\n",
        "3: steps[0].congestion: requires protocol tcp",
    ),
    "no such congestion control": (
        "  - {traffic: client1, congestion: cubik, for: 5s}\n",
        "3: steps[0].congestion: 'cubik' is not one of cubic, reno, bbr; did you mean cubic?",
    ),
    "too many flows": (
        "  - {traffic: client1, flows: 33, for: 5s}\n",
        "3: steps[0].flows: 33 is not a whole number from 1 to 32",
    ),
    "on without off": ("  - {traffic: client1, on: 5s, for: 9s}\n", "3: steps[0].on: requires off"),
    "two patterns": (
        "  - {traffic: client1, on: 5s, off: 5s, pattern: web, for: 9s}\n",
        "3: steps[0].pattern: cannot be combined with on and off",
    ),
    "chunks of no video": (
        "  - {traffic: client1, chunk: 5s, for: 9s}\n",
        "3: steps[0].chunk: requires pattern video-on-demand",
    ),
    "video without rate": (
        "  - {traffic: client1, pattern: video-on-demand, for: 9s}\n",
        "3: steps[0]: pattern video-on-demand requires `rate`, the bit rate of the video",
    ),
    "web of datagrams": (
        "  - {traffic: client1, protocol: udp, rate: 1mbit, pattern: web, for: 9s}\n",
        "3: steps[0].pattern: requires protocol tcp",
    ),
    "starts of what has no pause": (
        "  - {traffic: client1, starts: off, for: 9s}\n",
        "3: steps[0].starts: requires on and off, or pattern web",
    ),
    "pages for a day": (
        "  - {traffic: client1, pattern: web, flows: 8, for: 24h}\n",
        "3: steps[0].for: is too long: these pages have some 2073600 files, at most 100000 are allowed",
    ),
    "a name with a dot": (
        "  - {traffic: client1, name: up.load, for: 9s}\n",
        "3: steps[0].name: 'up.load' is not a name of letters, digits, - and _",
    ),
    "exec nowhere": ("  - exec: ls\n", "3: steps[0]: exec requires in: a client, sfu or host"),
    "exec of no command": ('  - {exec: "ls \'x", in: host}\n', '3: steps[0].exec: "ls \'x" is not a command: No clos'),
    "no address": ("  - http: example\n", "3: steps[0].http: 'example' is not a URL such as http://"),
    "no such status": ("  - {http: 'http://x', status: 20}\n", "3: steps[0].status: 20 is not a whole number from 100"),
    "no expression": (
        "  - expect: client1.video.client2.fps >=\n",
        "3: steps[0].expect: 'client1.video.client2.fps >=' is not an expression such as client1.video.client2.fps >",
    ),
    "one = too few": (f"  - expect: {FPS} = 3\n", "3: steps[0].expect: '=' is not a comparison; use == in '= 3'"),
    "nothing compared": (
        f"  - expect: {FPS}\n",
        f"3: steps[0].expect: '{FPS}' is not a condition; compare it, such as {FPS} > 1",
    ),
    "number of nobody": (
        "  - expect: clint1.video.client2.fps > 1\n",
        "3: steps[0].expect: no client 'clint1'; did you mean client1?",
    ),
    "number of a group": (
        "  - expect: bot.video.client2.fps > 1\n",
        "3: steps[0].expect: 'bot' is a group; name one of its clients: bot-1, bot-2",
    ),
    "no such participant": (
        "  - expect: client1.video.clinet2.fps > 1\n",
        "3: steps[0].expect: no participant 'clinet2'; did you mean client2?",
    ),
    "own picture": (
        "  - expect: client1.video.client1.fps > 1\n",
        "3: steps[0].expect: no such number 'client1.video.client1.fps': client1 does not receive itself",
    ),
    "no such number": (
        "  - expect: client1.video.client2.fsp > 1\n",
        "3: steps[0].expect: no such number 'client1.video.client2.fsp'; did you mean fps?; 'fsp' is not one of kbps",
    ),
    "number of a silent sfu": (
        "  - expect: sfu.rooms > 1\n",
        "3: steps[0].expect: no such number 'sfu.rooms'; sfu has no `network`, probe or `metrics` in the stack",
    ),
    "half a name": (
        "  - expect: client1.video.client2 > 1\n",
        "3: steps[0].expect: 'client1.video.client2' is incomplete; append one of kbps, fps",
    ),
    "rate without unit": (
        "  - expect: client1.egress.rate > 100\n",
        "3: steps[0].expect: '100' requires a unit to match 'client1.egress.rate', such as 100kbit, 80ms or 5%",
    ),
    "rate against time": (
        "  - expect: client1.egress.rate > 80ms\n",
        "3: steps[0].expect: 'client1.egress.rate' is a rate but '80ms' is a time",
    ),
    "unknown unit": (
        "  - expect: client1.egress.rate > 100kb\n",
        "3: steps[0].expect: '100kb' has an unknown unit; expected a value such as 100kbit, 80ms or 5%",
    ),
    "code": (
        "  - expect: \"__import__('os')\"\n",
        "3: steps[0].expect: unexpected '__import__'; allowed: names, values, functions and ",
    ),
    "no such function": (
        f"  - expect: avg({FPS}, 3s) > 3\n",
        "3: steps[0].expect: no such function 'avg'; there are: absent, mean, min, max, last, growth, abs",
    ),
    "window too short": (
        f"  - expect: mean({FPS}, 200ms) > 3\n",
        "3: steps[0].expect: '200ms' is not a time from 1s to 10min",
    ),
    "before without baseline": (
        f"  - expect: {FPS} > 50% of before\n",
        "3: steps[0]: uses `before`, but no baseline has been taken; add a step `baseline: 5s` before it",
    ),
    "before the baseline's end": (
        f"  - {{at: 0s, baseline: 5s}}\n  - {{at: 3s, expect: {FPS} > 50% of before}}\n",
        "4: steps[1]: starts at 3s and uses `before`, but the baseline is not complete until 5s",
    ),
    "baseline too short": ("  - baseline: 1s\n", "3: steps[0].baseline: '1s' is not a time from 2s to 86400s"),
    "recovery without limit": (
        f"  - recovers: {FPS} > 1\n",
        "3: steps[0]: recovers requires within: time limit for it to start holding",
    ),
    "never without time": (f"  - never: {FPS} < 1\n", "3: steps[0]: never requires for: how long to watch"),
    "bad answer of a look-up": (
        "  - {set: client2, dns: {turn.example: {answer: none}, 'a b': {delay: 1s}}}\n",
        "3: steps[0].dns.turn.example.answer: 'none' is not nxdomain, servfail, timeout (no answer at all), or ",
    ),
    "no such variable": (
        "  - wait: ${HOW_LONG}\n",
        "3: steps[0].wait: the variable HOW_LONG is not set: export it, or give a default with ${HOW_LONG:-default}",
    ),
}


@pytest.mark.parametrize(("steps", "expected"), STEPS.values(), ids=STEPS.keys())
def test_mistaken_step(steps: str, expected: str, tmp_path: Path) -> None:
    """A mistake in a step is reported on one line with file, line and path."""
    (tmp_path / "bad.csv").write_text("time,egress.rate\n0s,1mbit\n1s,5\n")
    refused(tmp_path, steps, "stack: call.yaml\n", expected)


def test_enough_kinds() -> None:
    """More than forty kinds of mistakes are tested."""
    assert len(STEPS) > 40
