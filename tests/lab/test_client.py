"""A client in code: what it is told, what it is asked, and what is taken back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from synthlab import Client, ExpectationFailed, Lab, SynthlabError, WrongUse
from synthlab.control.backend import Backend
from synthlab.control.client_api import ChangeOptions
from synthlab.testing import FakeClientApi, FakeEngine, fake_backend

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
    """What is set stays, and what is not named stays as it was."""
    lab["client2"].set(egress={"rate": "1mbit"})
    lab["client2"].set(loss="5%")
    assert lab["client2"].state().base.to_dict() == {
        "ingress": {"loss": "5%"},
        "egress": {"rate": "1mbit", "loss": "5%"},
    }
    assert apis["client1"].conditions.perfect


def test_until_the_end_of_with(lab: Lab) -> None:
    """Only what it has named is taken back: what was set meanwhile stays."""
    client = lab["client2"]
    client.set(egress={"rate": "1mbit"})
    with client.set(egress={"rate": "100kbit", "loss": "5%"}):
        client.set(ingress={"latency": "10ms"})
        assert client.state().base.to_dict()["egress"] == {"rate": "100kbit", "loss": "5%"}
    assert client.state().base.to_dict() == {"ingress": {"latency": "10ms"}, "egress": {"rate": "1mbit"}}


def test_for_a_time(lab: Lab, apis: dict[str, FakeClientApi]) -> None:
    """A lease, which the end of `with` releases; another that it has none of stays."""
    client = lab["client2"]
    client.set(latency="10ms", for_="1min")
    with client.set(loss="5%", for_="10s"):
        assert apis["client2"].terms[-1] == ChangeOptions(lease="10s")
        assert len(client.state().leases) == 2
    assert client.state().conditions.to_dict() == {"ingress": {"latency": "10ms"}, "egress": {"latency": "10ms"}}


def test_after_a_time(lab: Lab, apis: dict[str, FakeClientApi]) -> None:
    """What waits for its time can be taken back before."""
    applied = lab["client2"].set(loss="5%", after="10s")
    assert apis["client2"].terms[-1] == ChangeOptions(after="10s")
    assert len(lab["client2"].state().scheduled) == 1
    applied.revert()
    assert lab["client2"].state().scheduled == ()


def test_group(lab: Lab, apis: dict[str, FakeClientApi]) -> None:
    """All clients of a group change together, and each gets back what it had."""
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
    """Every client of it has a lease, and loses it."""
    with lab["bot"].set(loss="5%", for_="1min"):
        assert [len(apis[name].state().leases) for name in ("bot-1", "bot-2")] == [1, 1]
    assert [apis[name].entries for name in ("bot-1", "bot-2")] == [[], []]


def test_the_error_inside_with_is_the_one_that_is_told(lab: Lab, apis: dict[str, FakeClientApi]) -> None:
    """That nothing could be taken back then is not."""

    def fail() -> None:
        apis["client2"].broken = True
        raise ValueError("the user's own")

    with pytest.raises(ValueError, match="the user's own"), lab["client2"].set(loss="5%"):
        fail()
    apis["client2"].broken = False
    with pytest.raises(SynthlabError, match="its API does not answer"), lab["client2"].set(loss="6%"):
        apis["client2"].broken = True


def test_reset(lab: Lab) -> None:
    """Of one client, of a group, or of the lab."""
    lab["client1"].set(loss="5%")
    lab["bot"].set(loss="5%")
    lab["bot"].reset()
    assert [state.conditions.perfect for state in lab.states().values()] == [False, True, True, True]
    lab.reset()
    assert all(state.conditions.perfect for state in lab.states().values())


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("cleint2", "no client 'cleint2' in lab 'call'; did you mean client2?"),
        ("x", "no client 'x' in lab 'call'; there are: client1, client2, bot-1, bot-2"),
    ],
)
def test_unknown_names(name: str, told: str, lab: Lab) -> None:
    """Told at once, with the nearest or all."""
    with pytest.raises(WrongUse) as caught:
        lab[name]
    assert caught.value.message == told


def test_what_has_one_answer(lab: Lab) -> None:
    """Asked of a group it is refused, with the names that can be meant."""
    asks: tuple[Callable[[Client], object], ...] = (
        lambda bot: bot.state(),
        lambda bot: bot.expect("egress.rate > 1mbit"),
        lambda bot: bot.exec(["true"]),
        lambda bot: bot.api_url,
    )
    for ask in asks:
        with pytest.raises(WrongUse, match="'bot' means several: bot-1, bot-2; name one of them"):
            ask(lab["bot"])


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"loss": "500%"}, "client2: ingress.loss: '500%' is not between 0% and 100%"),
        ({"los": "5%"}, "client2: ingress.los: no such condition; did you mean loss?"),
        ({"loss": "5%", "for_": "ten"}, "for_: 'ten' is not a time"),
        ({"loss": "5%", "after": "10"}, "after: '10' "),
    ],
)
def test_refused_values(change: dict[str, str], told: str, lab: Lab) -> None:
    """Told as WrongUse, with the place of the mistake; nothing is changed."""
    with pytest.raises(WrongUse) as caught:
        lab["client2"].set(**change)  # type: ignore[arg-type]
    assert caught.value.message.startswith(told)
    assert lab["client2"].state().conditions.perfect


def test_containers(lab: Lab) -> None:
    """A group's containers are acted on together; who starts is waited for."""
    engine = lab.backend.engine
    assert isinstance(engine, FakeEngine)
    lab["bot"].pause()
    lab["client1"].restart()
    assert sorted(engine.controlled) == [("pause", "bot-1"), ("pause", "bot-2"), ("restart", "client1")]
    assert lab["client1"].logs(tail=2) == ["line 2 of client1", "line 3 of client1"]
    assert lab["bot"].logs() == [f"line {line} of bot-{bot}" for line in (1, 2, 3) for bot in (1, 2)]


def test_addresses(lab: Lab) -> None:
    """Where a client is looked at; what it lacks is told in one line."""
    assert lab["client2"].api_url == "http://127.0.0.1:3001/"
    assert (lab["bot-1"].group, lab["client1"].group) == ("bot", "client1")
    with pytest.raises(SynthlabError, match="client2 has no browser: a client with `app: chrome` has one"):
        _ = lab["client2"].cdp_url
    with pytest.raises(SynthlabError, match="client2 has no screen"):
        _ = lab["client2"].vnc


def test_a_screenshot_of_what_has_no_browser(lab: Lab) -> None:
    """Told before anything is run; of an image of the user's own, with what lets its browser be found."""
    with pytest.raises(SynthlabError, match=r"^bot-1 has no browser: a client with `app: chrome` has one$"):
        lab["bot-1"].screenshot()
    own = [replace(one, app="acme/client") for one in lab.members]
    with pytest.raises(SynthlabError, match=r"^client1 has no browser that .* `ports: \{cdp: 9222\}`$"):
        Lab(lab.backend, "call", own)["client1"].screenshot()


def test_repr(lab: Lab) -> None:
    """What has been set shows whom it was set on, what, and for when."""
    both = {"ingress": {"loss": "5%"}, "egress": {"loss": "5%"}}
    assert repr(lab["client2"].set(loss="5%")) == f"<set on client2: {both}>"
    assert (
        repr(lab["bot"].set(loss="5%", for_="10s", after="2s")) == f"<set on bot-1, bot-2: {both}, for 10s, after 2s>"
    )


def test_a_server_without_conditions(lab: Lab) -> None:
    """It can be looked at; what its network is asked is refused, with what the stack lacks."""
    sfu = replace(lab.members[0], id="sfu", client="", group="", role="sfu")
    called = Lab(lab.backend, "call", [sfu, *lab.members])
    assert called["sfu"].logs(tail=1) == ["line 3 of sfu"]
    asks: tuple[Callable[[Client], object], ...] = (lambda one: one.set(loss="5%"), lambda one: one.state())
    for ask in asks:
        with pytest.raises(WrongUse) as caught:
            ask(called["sfu"])
        assert caught.value.message == (
            "sfu has no conditions and no counters in lab 'call': write `network: {}` under `sfu` in its stack, "
            "and bring it up anew"
        )


def test_exec_needs_words_and_a_container_that_runs(lab: Lab) -> None:
    """A command line as one text is no list of words, and nothing runs in what is stopped."""
    with pytest.raises(WrongUse, match="'ping sfu' is not a list of strings"):
        lab["client1"].exec("ping sfu")
    engine = lab.backend.engine
    stopped = [replace(one, state="exited", status="Exited (1)") for one in engine.containers()]
    gone = Lab(Backend(FakeEngine(stopped)), "call", stopped)
    with pytest.raises(SynthlabError, match=r"client1 does not run \(Exited \(1\)\)"):
        gone["client1"].exec(["true"])


def test_expectations_are_of_this_client(lab: Lab, apis: dict[str, FakeClientApi]) -> None:
    """Names need not begin with its own, and may begin with any client's."""
    apis["client1"].answered_numbers = {"values": {"video": {"client2": {"fps": 20}}}, "age_s": {"video": 0.1}}
    found = lab["client1"].expect("video.client2.fps > 10 and client1.video.client2.fps < 30", within="3s")
    assert found.seen == {"client1.video.client2.fps": 20}
    with pytest.raises(ExpectationFailed, match=r"^client2: expect video\.client1\.fps > 10: no data"):
        lab["client2"].expect("video.client1.fps > 10")


@pytest.mark.issue(11)
def test_block(lab: Lab) -> None:
    """A flow of a client is closed until the end of `with`, silently or with an answer."""
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
    """All clients of a group lose their link together, for a time, and what was set before is in force again."""
    lab["bot"].set(egress={"rate": "1mbit"})
    with lab["bot"].link_down(for_="10s"):
        assert [apis[name].terms[-1].lease for name in ("bot-1", "bot-2")] == ["10s", "10s"]
        assert apis["bot-1"].conditions.to_dict() == {
            "ingress": {"outage": True},
            "egress": {"rate": "1mbit", "outage": True},
        }
    assert [apis[name].conditions.to_dict() for name in ("bot-1", "bot-2")] == [{"egress": {"rate": "1mbit"}}] * 2


@pytest.mark.issue(11)
@pytest.mark.parametrize(
    ("flow", "answer", "told"),
    [
        ("udp", "silent", "client2: flows.udp: 'udp' is a protocol, and stands behind the host; did you mean *:udp?"),
        ("*:udp", "rest", "answer: 'rest' is not one of silent, "),
    ],
)
def test_refused_blocks(flow: str, answer: str, told: str, lab: Lab) -> None:
    """A flow or an answer that cannot be is told, and nothing is changed."""
    with pytest.raises(WrongUse) as caught:
        lab["client2"].block(flow, answer=answer)
    assert caught.value.message.startswith(told)
    assert lab["client2"].state().conditions.perfect
