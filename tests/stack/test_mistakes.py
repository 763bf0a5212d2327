"""Invalid stack files: each mistake gives one line with place, problem and what is allowed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from synthlab.cli.main import main
from synthlab.errors import WrongUse
from synthlab.stack import read_stack
from synthlab.testing import fake_backend

JANUS = "sfu: {app: janus}\n"


def client(values: str, sfu: str = JANUS) -> str:
    """A stack whose only client, on line 3, has these values."""
    return f"{sfu}clients:\n  c: {{{values}}}\n"


MISTAKES = {
    "not a mapping": ("- 1\n", "1: [1] is not a stack with sfu and clients"),
    "unknown key": (
        "client: {}\n",
        "1: client: no such key; did you mean clients?; allowed: name, ip, allow, self_control, compose, sfu, turn, ro",
    ),
    "unknown protocol of IP": ("ip: ipx\nclients: {a: {image: x}}\n", "1: ip: 'ipx' is not one of ipv4, dual, ipv6"),
    "joining by IPv4 where there is none": (
        "ip: ipv6\nsfu: {app: janus, join: 127.0.0.1, network: {}}\nclients: {a: {image: x}}\n",
        "1: ip: a conditioned sfu with `join` requires IPv4: remove its `network`, or use dual",
    ),
    "flow of a protocol": (
        client("image: x, network: {flows: {'tcp:443': {egress: {loss: 5%}}}}"),
        "3: clients.c.network.flows.tcp:443: 'tcp' is a protocol: put it after the host; did you mean *:tcp:443?",
    ),
    "flow of nobody": (
        client("image: x, network: {flows: {'sfo:udp': {egress: {loss: 5%}}}}"),
        "3: clients.c.network.flows.sfo:udp: no host 'sfo' in this lab; did you mean sfu?; there are: c, sfu, * for ",
    ),
    "sfu's flow of nobody": (
        "sfu: {app: janus, network: {flows: {'d': {egress: {loss: 5%}}}}}\nclients: {c: {image: x}}\n",
        "1: sfu.network.flows.d: no host 'd' in this lab; there are: c, sfu, * for any, and full names such as ",
    ),
    "no clients": (
        "name: x\n",
        "1: has no clients: add at least one, such as `clients: {client1: {app: chrome}}`",
    ),
    "clients is a number beside a TURN server": ("turn: {app: coturn}\nclients: 5\n", "2: clients: 5 is not"),
    "clients is empty": ("clients: {}\n", "1: clients: is empty: add at least one client"),
    "clients is a list": (
        "clients: [a]\n",
        "1: clients: [a] is not a mapping from clients' names to what they are, such as {client1: {app: chrome}}",
    ),
    "client is a word": (f"{JANUS}clients: {{a: chrome}}\n", "2: clients.a: 'chrome' is not a client such as "),
    "bad name of a lab": (
        "name: My Lab\nclients: {a: {image: x}}\n",
        "1: name: 'My Lab' is not a name: use at most 40 lower-case letters, digits, - and _",
    ),
    "bad name of a client": (
        "clients: {Client 1: {image: x}}\n",
        "1: clients.Client 1: 'Client 1' is not a name: use at most 40 lower-case letters, digits, - and _",
    ),
    "name of the sfu": (
        "clients: {sfu: {image: x}}\n",
        "1: clients.sfu: 'sfu' is reserved for the media server: rename the client",
    ),
    "name of a companion": (
        "sfu: {app: janus, network: {}}\nclients: {sfu-network: {image: x}}\n",
        "2: clients.sfu-network: 'sfu-network' is reserved for the network of the sfu: rename the client",
    ),
    "client without kind": (client("url: 'http://x'"), "3: clients.c: needs exactly one of app, image, build"),
    "client of two kinds": (client("app: bot, image: x"), "3: clients.c: needs exactly one of app, image, build"),
    "unknown app": (
        client("app: chrom"),
        "3: clients.c.app: no such client app 'chrom'; did you mean chrome?; bundled: chrome, bot",
    ),
    "unknown key of a client": (client("app: bot, colour: red"), "3: clients.c.colour: no such key; allowed: app, "),
    "near key of a client": (client("app: bot, flag: [-a]"), "3: clients.c.flag: no such key; did you mean flags?; "),
    "self_control of a client": (
        client("app: bot, self_control: host"),
        "3: clients.c.self_control: 'host' is not true or false",
    ),
    "self_control in env": (
        client("app: bot, env: {SYNTHLAB_SELF_CONTROL: 1}"),
        "3: clients.c.env.SYNTHLAB_SELF_CONTROL: is reserved: synthlab sets it",
    ),
    "self_control of the stack": (
        "self_control: [c]\nclients: {c: {image: x}}\n",
        "1: self_control: [c] is not true or false",
    ),
    "share above 100 %": (
        client("app: bot, network: {egress: {loss: 120%}}"),
        "3: clients.c.network.egress.loss: '120%' is not between 0% and 100%",
    ),
    "bare number": (
        client("app: bot, network: {egress: {rate: 1000}}"),
        "3: clients.c.network.egress.rate: 1000 is not a rate such as 500kbit, 1.5mbit or 2gbit, or unlimited",
    ),
    "unknown condition": (
        client("app: bot, network: {ingress: {los: 1%}}"),
        "3: clients.c.network.ingress.los: no such condition; did you mean loss?; allowed: rate, ",
    ),
    "state without a mean": (
        client("image: x, network: {states: {good: {mean: 2s}, bad: {egress: {loss: 5%}}}}"),
        "3: clients.c.network.states.bad: has no mean: the mean time in this state, such as mean: 5s",
    ),
    "wrong value of a state": (
        client("image: x, network: {states: {good: {mean: 2s}, bad: {mean: 1s, egress: {loss: 120%}}}}"),
        "3: clients.c.network.states.bad.egress.loss: '120%' is not between 0% and 100%",
    ),
    "flow of a state with an unknown host": (
        client("image: x, network: {states: {good: {mean: 2s}, bad: {mean: 1s, flows: {'sfo:udp': {}}}}}"),
        "3: clients.c.network.states.bad.flows.sfo:udp: no host 'sfo' in this lab; did you mean sfu?; there are: c, ",
    ),
    "unknown direction": (
        client("app: bot, network: {egres: {loss: 1%}}"),
        "3: clients.c.network.egres: no such key; did you mean egress?; allowed: profile, netem, ingress, egress, "
        "muted, flows, states, state, dns, seed",
    ),
    "order of flows": (
        client("app: bot, network: {flows: {'*:udp': {}}, order: ['*:udp']}"),
        "3: clients.c.network.order: no such key; allowed: profile, netem, ingress, egress, muted, flows, states, "
        "state, dns, seed",
    ),
    "bad answer": (
        client("app: bot, network: {dns: {turn.example: {answer: nxdomian}}}"),
        "3: clients.c.network.dns.turn.example.answer: 'nxdomian' is not nxdomain, servfail, timeout (no answer ",
    ),
    "bad mute": (
        client("app: bot, network: {flows: {'*:udp': {muted: maybe}}}"),
        "3: clients.c.network.flows.*:udp.muted: 'maybe' is not true or false",
    ),
    "value of a flow": (
        "sfu: {app: janus}\nclients:\n  c:\n    app: bot\n    network:\n      flows:\n"
        "        '10.0.0.1:udp':\n          egress:\n            loss: x\n",
        "9: clients.c.network.flows.10.0.0.1:udp.egress.loss: 'x' is not a share such as 5% or 0.5%",
    ),
    "queue without rate": (
        client("app: bot, network: {egress: {queue: 10p}}"),
        "3: clients.c.network.egress.queue: requires rate or rate_trace",
    ),
    "no such trace": (
        client("app: bot, network: {egress: {rate_trace: ./train}}"),
        "3: clients.c.network.egress.rate_trace: FOLDER/train: No such file or directory",
    ),
    "no trace": (
        client("app: bot, network: {flows: {'*:udp': {egress: {rate_trace: bad.yaml}}}}"),
        "3: clients.c.network.flows.*:udp.egress.rate_trace: FOLDER/bad.yaml: line 1: 'sfu: {app: janus}' is not a ",
    ),
    "unknown profile": (
        client("app: bot, network: {profile: wpt/3gg}"),
        "3: clients.c.network.profile: no such profile 'wpt/3gg'; did you mean wpt/3g?; there are: ",
    ),
    "network is a word": (client("app: bot, network: bad"), "3: clients.c.network: 'bad' is not a network such as "),
    "count is zero": (client("app: bot, count: 0"), "3: clients.c.count: 0 is not a whole number from 1 to 100"),
    "count is a word": (client("app: bot, count: two"), "3: clients.c.count: 'two' is not a whole number from 1 to"),
    "two of one name": (
        f"{JANUS}clients:\n  c: {{app: bot, count: 2}}\n  c-1: {{app: bot}}\n",
        "3: clients.c: duplicate client name 'c-1'",
    ),
    "no page to open": (
        client("app: chrome", sfu="name: x\n"),
        "3: clients.c: requires url: the stack has no sfu with a page",
    ),
    "bad url": (
        client("app: chrome, url: example"),
        "3: clients.c.url: 'example' is not an address such as https://app.example/room?name={name}",
    ),
    "unknown place in a url": (
        client("app: chrome, url: 'http://x/{nmae}'"),
        "3: clients.c.url: unknown placeholder {nmae}; did you mean name?; allowed: {name}, {sfu}, {lab}, {turn}",
    ),
    "flags are a word": (
        client("app: chrome, flags: --lang=de"),
        "3: clients.c.flags: '--lang=de' is not a list of flags such as [--lang=de]",
    ),
    "flag without dash": (
        client("app: chrome, flags: [lang=de]"),
        "3: clients.c.flags[0]: 'lang=de' is not a flag: flags start with -",
    ),
    "missing media": (client("app: chrome, media: {video: no.y4m}"), "3: clients.c.media.video: no such file: "),
    "wrong kind of media": (
        client("app: chrome, media: {audio: no.mp3}"),
        "3: clients.c.media.audio: 'no.mp3' does not end with .wav",
    ),
    "port too high": (
        client("app: chrome, ports: {api: 70000}"),
        "3: clients.c.ports.api: 70000 is not a whole number from 1 to 65535",
    ),
    "one port twice": (
        client("app: chrome, ports: {api: 4000, vnc: 4000}"),
        "3: clients.c.ports: uses port 4000 twice",
    ),
    "port of another": (
        f"{JANUS}clients:\n  c: {{app: bot, ports: {{api: 4000}}}}\n  d: {{app: bot, ports: {{api: 4000}}}}\n",
        "4: clients.d: port 4000 is already used by c",
    ),
    "vnc of a headless client": (
        client("app: bot, ports: {vnc: 5902}"),
        "3: clients.c.ports.vnc: requires a screen: set `headless: false`",
    ),
    "port of a group": (
        client("app: bot, count: 2, ports: {api: 4000}"),
        "3: clients.c.ports: cannot be combined with count: all its clients would share the ports",
    ),
    "bot with a screen": (
        client("app: bot, headless: false"),
        "3: clients.c.headless: applies only to clients with a screen, and a bot has none",
    ),
    "bot without a screen": (
        client("app: bot, headless: true"),
        "3: clients.c.headless: applies only to clients with a screen, and a bot has none",
    ),
    "headless is a word": (client("app: chrome, headless: maybe"), "3: clients.c.headless: 'maybe' is not true or"),
    "bad size of video": (
        client("app: bot, video: 320x240"),
        "3: clients.c.video: '320x240' is not a size and rate such as 320x240@15 (at most 99 frames per second)",
    ),
    "reserved variable": (client("app: bot, env: {SYNTHLAB_NAME: x}"), "3: clients.c.env.SYNTHLAB_NAME: is reserved: "),
    "bad variable": (client("app: bot, env: {'A-B': x}"), "3: clients.c.env.A-B: 'A-B' is not the name of a variable"),
    "bad command": (
        'sfu: {image: x, command: "a \'b"}\nclients: {c: {image: x}}\n',
        '1: sfu.command: "a \'b" is not a command: No closing quotation',
    ),
    "bad image": (client("image: 'Acme App'"), "3: clients.c.image: 'Acme App' is not the name of an image such as "),
    "missing Dockerfile": (client("build: nowhere"), "3: clients.c.build: no Dockerfile in "),
    "a cap that the room does not heed": (
        client("app: bot", sfu="sfu: {app: janus, bitrate: 10kbit}\n"),
        "1: sfu.bitrate: '10kbit' is below 64kbit, the server's minimum",
    ),
    "a cap of no room": (
        client("image: x", sfu="sfu: {image: x, bitrate: 1mbit}\n"),
        "1: sfu.bitrate: requires a bundled app",
    ),
    "sfu of two kinds": (
        client("app: bot", sfu="sfu: {app: janus, external: 'https://x'}\n"),
        "1: sfu: needs exactly one of app, image, service, external",
    ),
    "unknown sfu": (
        client("app: bot", sfu="sfu: {app: jnus}\n"),
        "1: sfu.app: no such sfu app 'jnus'; did you mean janus?; bundled: janus",
    ),
    "version of an image": (
        client("app: bot", sfu="sfu: {image: x, version: '1'}\n"),
        "1: sfu.version: requires a bundled app; for an image, set the tag",
    ),
    "ports of a bundled sfu": (
        client("app: bot", sfu="sfu: {app: janus, ports: [80]}\n"),
        "1: sfu.ports: requires `image`: a bundled sfu publishes the ports that `join` requires",
    ),
    "join without ports": (
        client("app: bot", sfu="sfu: {image: x, join: 127.0.0.1}\n"),
        "1: sfu.join: requires the `ports` the image listens on, such as [7880, 50000-50050/udp]",
    ),
    "join at a name": (
        client("app: bot", sfu="sfu: {app: janus, join: localhost}\n"),
        "1: sfu.join: 'localhost' is not an IPv4 address of this machine, such as 127.0.0.1 or 192.168.1.5",
    ),
    "ports upside down": (
        client("app: bot", sfu="sfu: {image: x, ports: [90-80]}\n"),
        "1: sfu.ports[0]: '90-80' is not a port or port range such as 7880 or 50000-50050/udp",
    ),
    "variables of a service": (
        client("app: bot", sfu="sfu: {service: x, env: {A: 1}}\n"),
        "1: sfu.env: must be set in the service's Compose file",
    ),
    "service of nothing": (
        client("app: bot", sfu="sfu: {service: x}\n"),
        "1: sfu.service: requires the service's Compose file, such as `compose: ./compose.yaml`",
    ),
    "bad version": (client("app: bot", sfu="sfu: {app: janus, version: '1/2'}\n"), "1: sfu.version: '1/2' is not a "),
    "command of an external sfu": (
        client("app: bot", sfu="sfu: {external: 'https://x', command: y}\n"),
        "1: sfu.command: does not apply to an external sfu",
    ),
    "external is no page": (
        client("app: bot", sfu="sfu: {external: 'ws://x'}\n"),
        "1: sfu.external: 'ws://x' is not an http:// or https:// URL",
    ),
    "missing variable": (
        client("app: bot, video: '${SYNTHLAB_TEST_NONE}'"),
        "3: clients.c.video: the variable SYNTHLAB_TEST_NONE is not set: export it, or give a default with ",
    ),
}


@pytest.mark.parametrize(("text", "message"), MISTAKES.values(), ids=MISTAKES.keys())
def test_one_line_and_status_2(text: str, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A mistake ends `up` with status 2 and one line with file, line and path; nothing is started."""
    file = tmp_path / "bad.yaml"
    file.write_text(text)
    backend, _ = fake_backend()
    assert main(["up", str(file)], backend) == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.startswith(f"synthlab: {file}:{message.replace('FOLDER', str(tmp_path))}")
    assert output.err.count("\n") == 1


def test_missing_file(capsys: pytest.CaptureFixture[str]) -> None:
    """A missing file's error lists the bundled stacks, with the closest as a suggestion."""
    assert main(["up", "cal.yaml"], fake_backend()[0]) == 2
    assert capsys.readouterr().err == (
        "synthlab: cal.yaml: no such stack file; did you mean call.yaml?; bundled: call.yaml, chrome.yaml, "
        "dish.yaml, one-uplink.yaml, phone.yaml, three-senders.yaml, turn.yaml, two-senders.yaml\n"
    )


def test_bad_name_of_the_lab(capsys: pytest.CaptureFixture[str]) -> None:
    """The name in --lab must follow the same rule as the file's."""
    assert main(["up", "call.yaml", "--lab", "My Lab"], fake_backend()[0]) == 2
    assert capsys.readouterr().err.startswith("synthlab: --lab: 'My Lab' is not a name: use at most 40")


SEVERAL = """\
name: My Lab
ip: ipx
sfu: {app: janus, verzion: 1, jion: 2}
turn: {app: cotrun}
clients:
  a: {app: chrome, flags: de, headless: maybe, network: {egress: {lost: 5%, rate: 0kbit}, ingress: {latency: 80}}}
  b: {app: bot, video: big}
  c: {app: bto}
  d: {app: bot}
"""


@pytest.mark.issue(10)
def test_all_mistakes_at_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """All mistakes are reported, each with its line, but not those that follow from another."""
    file = tmp_path / "bad.yaml"
    file.write_text(SEVERAL)
    assert main(["up", str(file)], fake_backend()[0]) == 2
    places = [line.partition(str(file))[2].split(": ")[:2] for line in capsys.readouterr().err.splitlines()]
    assert places == [
        [":1", "name"],
        [":2", "ip"],
        [":3", "sfu.verzion"],
        [":3", "sfu.jion"],
        [":4", "turn.app"],
        [":6", "clients.a.headless"],
        [":6", "clients.a.network.egress.lost"],
        [":6", "clients.a.network.egress.rate"],
        [":6", "clients.a.network.ingress.latency"],
        [":6", "clients.a.flags"],
        [":7", "clients.b.video"],
        [":8", "clients.c.app"],
    ]


HIDDEN = {
    "beside an unknown key of the stack": (
        "nmae: x\nip: ipx\nclients: {c: {image: x, count: 0}}\n",
        [":1: nmae", ":2: ip", ":3: clients.c.count"],
    ),
    "beside an unknown key of a client": (
        client("app: bot, colour: red, count: 0, video: big"),
        [":3: clients.c.colour", ":3: clients.c.video", ":3: clients.c.count"],
    ),
    "beside an unknown app": (
        client("app: bto, flags: de, ports: {vnc: 0}"),
        [":3: clients.c.app", ":3: clients.c.ports.vnc", ":3: clients.c.flags"],
    ),
    "beside a bad name": (
        "clients: {C 1: {image: x, headless: 1}}\n",
        [":1: clients.C 1", ":1: clients.C 1.headless"],
    ),
    "names of servers with mistakes": (
        "sfu: {app: janus, network: {egress: {los: 1%}}}\nturn: {app: cotrun}\n"
        "clients:\n  turn: {image: x}\n  sfu-network: {image: x}\n",
        [":1: sfu.network.egress.los", ":2: turn.app", ":4: clients.turn", ":5: clients.sfu-network"],
    ),
    "unknown keys of a network and its flows": (
        client("app: bot, network: {egres: {}, ingress: {los: 1%}, flows: {a: {bth: {}, egress: {rate: 1}}}}"),
        [f":3: clients.c.network.{key}" for key in ("egres", "ingress.los", "flows.a.bth", "flows.a.egress.rate")],
    ),
    "browser keys of a bot": (client("app: bot, tabs: [], ca: []"), [":3: clients.c.tabs", ":3: clients.c.ca"]),
    "a misspelled app is not missing as well": (
        client("ap: bot, count: 0"),
        [":3: clients.c.ap", ":3: clients.c.count"],
    ),
    "a misspelled url is not missing as well": (client("app: chrome, ulr: x", sfu="x-a: 1\n"), [":3: clients.c.ulr"]),
    "several keys that an sfu cannot have": (
        client("image: x", sfu="sfu: {external: 'https://x', command: y, version: '1'}\n"),
        [":1: sfu.version", ":1: sfu.command"],
    ),
    "several values of an sfu": (
        client("image: x", sfu="sfu: {app: jnus, metrics: x, url: x, join: x}\n"),
        [":1: sfu.metrics", ":1: sfu.app", ":1: sfu.url", ":1: sfu.join"],
    ),
    "ports and allow of clients": (
        "clients:\n  c: {image: x, ports: {api: 4000}}\n  d: {image: x, ports: {api: 4000}, allow: [e]}\n",
        [":3: clients.d", ":3: clients.d.allow[0]"],
    ),
    "flows of two clients": (
        "clients:\n  c: {image: x, network: {flows: {a: {egress: {loss: 5%}}}}}\n"
        "  d: {image: x, network: {flows: {b: {egress: {loss: 5%}}}}}\n",
        [":2: clients.c.network.flows.a", ":3: clients.d.network.flows.b"],
    ),
}


@pytest.mark.parametrize(("text", "places"), HIDDEN.values(), ids=HIDDEN.keys())
def test_no_mistake_hides_another(
    text: str, places: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A mistake in one key does not hide those in others, and is reported once."""
    file = tmp_path / "bad.yaml"
    file.write_text(text)
    assert main(["up", str(file)], fake_backend()[0]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert [": ".join(line.partition(str(file))[2].split(": ")[:2]) for line in lines] == places


def test_client_with_the_name_of_a_service(tmp_path: Path) -> None:
    """A client, or one of a group, cannot have the name of a service in the Compose file."""
    services = {"media": {"image": "x"}, "db-1": {"image": "x"}}
    (tmp_path / "compose.yaml").write_text("services: {}\n")
    file = tmp_path / "lab.yaml"
    file.write_text(
        "sfu: {service: media, compose: compose.yaml}\n"
        "clients:\n  media: {image: x}\n  db: {image: x, count: 2}\n  c: {image: x}\n"
    )
    with pytest.raises(WrongUse) as caught:
        read_stack(str(file), compose=lambda *_: (json.dumps({"services": services}), []))
    assert [caught.value.message, *caught.value.details] == [
        f"{file}:{line}: clients.{client}: '{name}' is a service of the Compose file: rename the client, or use it "
        f"with `service: {name}`; taken: media, db-1"
        for line, client, name in ((3, "media", "media"), (4, "db", "db-1"))
    ]


@pytest.mark.issue(10)
@pytest.mark.parametrize(
    ("text", "message"),
    [
        (client("app: bot, network: {egress: {lost: 5%}}"), "egress.lost: no such condition; did you mean loss?"),
        (client("app: bot, network: {egress: {limit: 5}}"), "egress.limit: no such condition; did you mean queue?"),
        (client("app: bot, network: {egress: {delay: 5ms}}"), "egress.delay: no such condition; did you mean latency?"),
        (client("app: bot, network: {egress: {rate: 0kbit}}"), "egress.rate: '0kbit' lets nothing pass; use `out"),
        (client("app: bot, env: {A: ${TAG}}"), "3: not YAML: expected ',' or '}', but got '{'; quote it: '${TAG}'"),
        (client("app: chrome, browser: firefox-esr"), "c.browser: 'firefox-esr' is not Chromium, the only supported"),
        (client("app: chrome, browser: firefox=1.2"), "c.browser: 'firefox=1.2' is not Chromium, the only supported"),
    ],
)
def test_hints(text: str, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Other tools' words and common first attempts are rejected with a suggestion."""
    file = tmp_path / "bad.yaml"
    file.write_text(text)
    assert main(["up", str(file)], fake_backend()[0]) == 2
    assert message in capsys.readouterr().err
