"""A client in the Python API: changes and their reverts, addresses, containers, expectations."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from synthlab import Client, ExpectationFailed, Lab, SynthlabError, WrongUse, translate_netem
from synthlab.control.backend import Backend
from synthlab.control.client_api import ChangeOptions
from synthlab.testing import FakeClientApi, FakeEngine, fake_backend
from synthlab.text.durations import SECOND_NS

GROUPS = {"bot-1": "bot", "bot-2": "bot"}


@pytest.fixture
def apis() -> dict[str, FakeClientApi]:
    return {}


@pytest.fixture
def lab(apis: dict[str, FakeClientApi]) -> Iterator[Lab]:
    backend, by_id = fake_backend("call", groups=GROUPS)
    apis.update({api.name: api for api in by_id.values()})
    with Lab.attach("call", backend) as lab:
        yield lab


def test_for_good(lab: Lab, apis: dict[str, FakeClientApi]) -> None:
    """A change stays, and values not named are unchanged."""
    lab["client2"].set(egress={"rate": "1mbit"})
    lab["client2"].set(loss="5%")
    assert lab["client2"].state().base.to_dict() == {
        "ingress": {"loss": "5%"},
        "egress": {"rate": "1mbit", "loss": "5%"},
    }
    assert apis["client1"].conditions.perfect


def test_until_the_end_of_with(lab: Lab) -> None:
    """The end of `with` restores only the values of the change: others set meanwhile stay."""
    client = lab["client2"]
    client.set(egress={"rate": "1mbit"})
    with client.set(egress={"rate": "100kbit", "loss": "5%"}):
        client.set(ingress={"latency": "10ms"})
        assert client.state().base.to_dict()["egress"] == {"rate": "100kbit", "loss": "5%"}
    assert client.state().base.to_dict() == {"ingress": {"latency": "10ms"}, "egress": {"rate": "1mbit"}}


def test_for_a_time(lab: Lab, apis: dict[str, FakeClientApi]) -> None:
    """The end of `with` releases the change's lease, and no other lease."""
    client = lab["client2"]
    client.set(latency="10ms", for_="1min")
    with client.set(loss="5%", for_="10s"):
        assert apis["client2"].options[-1] == ChangeOptions(lease_ns=10 * SECOND_NS)
        assert len(client.state().leases) == 2
    assert client.state().conditions.to_dict() == {"ingress": {"latency": "10ms"}, "egress": {"latency": "10ms"}}


def test_after_a_time(lab: Lab, apis: dict[str, FakeClientApi]) -> None:
    """A scheduled change can be reverted before it starts."""
    applied = lab["client2"].set(loss="5%", after="10s")
    assert apis["client2"].options[-1] == ChangeOptions(after_ns=10 * SECOND_NS)
    assert len(lab["client2"].state().scheduled) == 1
    applied.revert()
    assert lab["client2"].state().scheduled == ()


def test_group(lab: Lab, apis: dict[str, FakeClientApi]) -> None:
    """All clients of a group change together, and each gets its own earlier values back."""
    lab["bot-1"].set(egress={"rate": "1mbit"})
    with lab["bot"].set(egress={"rate": "100kbit"}) as applied:
        assert applied.apart_ms == 0
        assert [apis[name].conditions.to_dict() for name in ("bot-1", "bot-2", "client1")] == [
            {"egress": {"rate": "100kbit"}},
            {"egress": {"rate": "100kbit"}},
            {},
        ]
    assert [apis[name].conditions.to_dict() for name in ("bot-1", "bot-2")] == [{"egress": {"rate": "1mbit"}}, {}]


def test_group_for_a_time(lab: Lab, apis: dict[str, FakeClientApi]) -> None:
    """Every client of the group gets a lease, and loses it."""
    with lab["bot"].set(loss="5%", for_="1min"):
        assert [len(apis[name].state().leases) for name in ("bot-1", "bot-2")] == [1, 1]
    assert [apis[name].entries for name in ("bot-1", "bot-2")] == [[], []]


def test_the_error_inside_with_is_the_one_that_is_reported(lab: Lab, apis: dict[str, FakeClientApi]) -> None:
    """An error inside `with` is raised, rather than the failure to revert after it."""

    def fail() -> None:
        apis["client2"].broken = True
        raise ValueError("the user's own")

    with pytest.raises(ValueError, match="the user's own"), lab["client2"].set(loss="5%"):
        fail()
    apis["client2"].broken = False
    with pytest.raises(SynthlabError, match="its API does not answer"), lab["client2"].set(loss="6%"):
        apis["client2"].broken = True


def test_reset(lab: Lab) -> None:
    """Reset works for a client, a group, or the whole lab."""
    lab["client1"].set(loss="5%")
    lab["bot"].set(loss="5%")
    lab["bot"].reset()
    assert [state.conditions.perfect for state in lab.states().values()] == [False, True, True, True]
    lab.reset()
    assert all(state.conditions.perfect for state in lab.states().values())


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("cleint2", "no client 'cleint2' in lab 'call'; did you mean client2?"),
        ("x", "no client 'x' in lab 'call'; there are: client1, client2, bot-1, bot-2"),
    ],
)
def test_unknown_names(name: str, expected: str, lab: Lab) -> None:
    """An unknown name is reported at once, with the closest match or all names."""
    with pytest.raises(WrongUse) as caught:
        lab[name]
    assert caught.value.message == expected


def test_what_has_one_answer(lab: Lab) -> None:
    """For a group, a method with a single result is an error that lists the clients."""
    asks: tuple[Callable[[Client], object], ...] = (
        lambda bot: bot.state(),
        lambda bot: bot.expect("egress.rate > 1mbit"),
        lambda bot: bot.exec(["true"]),
        lambda bot: bot.api_url,
    )
    for ask in asks:
        with pytest.raises(WrongUse, match="'bot' matches several: bot-1, bot-2; name one of them"):
            ask(lab["bot"])


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"loss": "500%"}, "client2: ingress.loss: '500%' is not between 0% and 100%"),
        ({"los": "5%"}, "client2: ingress.los: no such condition; did you mean loss?"),
        ({"loss": "5%", "for_": "ten"}, "for_: 'ten' is not a time"),
        ({"loss": "5%", "after": "10"}, "after: '10' "),
    ],
)
def test_refused_values(change: dict[str, str], expected: str, lab: Lab) -> None:
    """An invalid value is WrongUse, with its place; nothing is changed."""
    with pytest.raises(WrongUse) as caught:
        lab["client2"].set(**change)  # type: ignore[arg-type]
    assert caught.value.message.startswith(expected)
    assert lab["client2"].state().conditions.perfect


def test_containers(lab: Lab) -> None:
    """The containers of a group are controlled together; a start waits until they are healthy."""
    engine = lab.backend.engine
    assert isinstance(engine, FakeEngine)
    lab["bot"].pause()
    lab["client1"].restart()
    assert sorted(engine.controlled) == [("pause", "bot-1"), ("pause", "bot-2"), ("restart", "client1")]
    assert lab["client1"].logs(tail=2) == ["line 2 of client1", "line 3 of client1"]
    assert lab["bot"].logs() == [f"line {line} of bot-{bot}" for line in (1, 2, 3) for bot in (1, 2)]


def test_addresses(lab: Lab) -> None:
    """Each client has its addresses; a missing one is reported in one line."""
    assert lab["client2"].api_url == "http://127.0.0.1:3001/"
    assert (lab["bot-1"].group, lab["client1"].group) == ("bot", "client1")
    with pytest.raises(SynthlabError, match="client2 has no browser: use a client with `app: chrome`"):
        _ = lab["client2"].cdp_url
    with pytest.raises(SynthlabError, match="client2 has no screen"):
        _ = lab["client2"].vnc


def test_a_screenshot_of_what_has_no_browser(lab: Lab) -> None:
    """A screenshot without a browser fails early; for a user's own image, the error says how to publish its browser."""
    with pytest.raises(SynthlabError, match=r"^bot-1 has no browser: use a client with `app: chrome`$"):
        lab["bot-1"].screenshot()
    own = [replace(one, app="acme/client") for one in lab.members]
    with pytest.raises(SynthlabError, match=r"^client1 has no known browser: .* `ports: \{cdp: 9222\}`$"):
        Lab(lab.backend, "call", own)["client1"].screenshot()


def test_repr(lab: Lab) -> None:
    """The repr of a change shows its clients, values and times."""
    both = {"ingress": {"loss": "5%"}, "egress": {"loss": "5%"}}
    assert repr(lab["client2"].set(loss="5%")) == f"<set on client2: {both}>"
    assert (
        repr(lab["bot"].set(loss="5%", for_="10s", after="2s")) == f"<set on bot-1, bot-2: {both}, for 10s, after 2s>"
    )


def test_a_server_without_conditions(lab: Lab) -> None:
    """A server without conditions can be inspected; network calls fail with what the stack lacks."""
    sfu = replace(lab.members[0], id="sfu", client="", group="", role="sfu")
    called = Lab(lab.backend, "call", [sfu, *lab.members])
    assert called["sfu"].logs(tail=1) == ["line 3 of sfu"]
    asks: tuple[Callable[[Client], object], ...] = (lambda one: one.set(loss="5%"), lambda one: one.state())
    for ask in asks:
        with pytest.raises(WrongUse) as caught:
            ask(called["sfu"])
        assert caught.value.message == (
            "sfu has no conditions and no counters in lab 'call': add `network: {}` under `sfu` in its stack, "
            "and start the lab again"
        )


def test_exec_needs_words_and_a_container_that_runs(lab: Lab) -> None:
    """A command line as one string is rejected, and so is a container that is not running."""
    with pytest.raises(WrongUse, match="'ping sfu' is not a list of strings"):
        lab["client1"].exec("ping sfu")
    engine = lab.backend.engine
    stopped = [replace(one, state="exited", status="Exited (1)") for one in engine.containers()]
    gone = Lab(Backend(FakeEngine(stopped)), "call", stopped)
    with pytest.raises(SynthlabError, match=r"client1 is not running \(Exited \(1\)\)"):
        gone["client1"].exec(["true"])


def test_expectations_are_of_this_client(lab: Lab, apis: dict[str, FakeClientApi]) -> None:
    """Names may omit the client's own name, and may start with any client's."""
    apis["client1"].answered_stats = {"values": {"video": {"client2": {"fps": 20}}}, "age_s": {"video": 0.1}}
    found = lab["client1"].expect("video.client2.fps > 10 and client1.video.client2.fps < 30", within="3s")
    assert found.seen == {"client1.video.client2.fps": 20}
    with pytest.raises(ExpectationFailed, match=r"^client2: expect video\.client1\.fps > 10: no data"):
        lab["client2"].expect("video.client1.fps > 10")


@pytest.mark.issue(11)
def test_block(lab: Lab) -> None:
    """A flow is blocked until the end of `with`, silently or with an answer."""
    client = lab["client2"]
    with client.block("*:udp"):
        closed = {"ingress": {"outage": True}, "egress": {"outage": True}}
        assert client.state().base.to_dict() == {"flows": {"*:udp": closed}}
    refused = client.block("*:tcp", answer="reset")
    assert client.state().base.to_dict()["flows"]["*:tcp"]["egress"] == {"reject": "reset"}
    refused.revert()
    assert client.state().base.to_dict() == {}


@pytest.mark.issue(11)
def test_link_down(lab: Lab, apis: dict[str, FakeClientApi]) -> None:
    """All clients of a group lose their link together, for a time; earlier values then apply again."""
    lab["bot"].set(egress={"rate": "1mbit"})
    with lab["bot"].link_down(for_="10s"):
        assert [apis[name].options[-1].lease_ns for name in ("bot-1", "bot-2")] == [10 * SECOND_NS] * 2
        assert apis["bot-1"].conditions.to_dict() == {
            "ingress": {"outage": True},
            "egress": {"rate": "1mbit", "outage": True},
        }
    assert [apis[name].conditions.to_dict() for name in ("bot-1", "bot-2")] == [{"egress": {"rate": "1mbit"}}] * 2


@pytest.mark.issue(11)
@pytest.mark.parametrize(
    ("flow", "answer", "expected"),
    [
        ("udp", "silent", "client2: flows.udp: 'udp' is a protocol: put it after the host; did you mean *:udp?"),
        ("*:udp", "rest", "answer: 'rest' is not one of silent, "),
    ],
)
def test_refused_blocks(flow: str, answer: str, expected: str, lab: Lab) -> None:
    """An invalid flow or answer is reported, and nothing is changed."""
    with pytest.raises(WrongUse) as caught:
        lab["client2"].block(flow, answer=answer)
    assert caught.value.message.startswith(expected)
    assert lab["client2"].state().conditions.perfect


@pytest.mark.issue(15)
def test_words_of_netem(lab: Lab) -> None:
    """In both directions, in one or in a flow; values beside them win, and `translate_netem` says what they mean."""
    client = lab["client2"]
    with client.set(netem="delay 9ms 1ms", latency="5ms", flows={"*:udp": {"egress": {"netem": "loss 1% 25%"}}}):
        values = {"latency": "5ms", "jitter": "1ms", "reordering": True}
        assert client.state().base.to_dict() == {
            "ingress": values,
            "egress": values,
            "flows": {"*:udp": {"egress": {"loss": "1%", "loss_correlation": "25%"}}},
        }
    client.set(loss="5%", loss_burst="4p")
    client.set(egress={"netem": "loss 2%"})
    assert client.state().base.to_dict()["egress"] == {"loss": "2%"}
    assert translate_netem("loss 1% 25%").set == {"loss": "1%", "loss_correlation": "25%"}
    with pytest.raises(WrongUse, match=r"^netem: 5 is not a text such as delay"):
        client.set(netem=5)
