"""One question for several callers, and never an old answer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from syntheticnet.api.shared_report import SharedReport
from syntheticnet.channel import Unanswered


class Control:
    """Answers the number of the question, when the test lets it; each takes so long on a clock that only this moves."""

    def __init__(self) -> None:
        self.now = self.takes = 0.0
        self.times: list[float] = []
        self.asked = 0
        self.silent = False
        self.answering = asyncio.Event()

    async def ask(self, op: str) -> dict[str, Any]:
        self.asked += 1
        self.times.append(self.now)
        self.now += self.takes
        number = self.asked
        await self.answering.wait()
        if self.silent:
            raise Unanswered("silent")
        return {"number": number}

    async def sleep(self, seconds: float) -> None:
        self.now += seconds


def run(test: Callable[[Control, SharedReport], Awaitable[None]]) -> None:
    async def play() -> None:
        control: Any = Control()
        await test(control, SharedReport(control, lambda: control.now, control.sleep))

    asyncio.run(play())


async def started(*calls: Awaitable[Any]) -> list[asyncio.Future[Any]]:
    tasks: list[asyncio.Future[Any]] = [asyncio.ensure_future(call) for call in calls]
    for _ in range(5):
        await asyncio.sleep(0)
    return tasks


def test_callers_share_a_question_that_was_not_sent_before() -> None:
    """Who calls while a question is on its way gets the answer to the next one, with all others who do."""

    async def test(control: Control, report: SharedReport) -> None:
        first = await started(report.ask())
        others = await started(*(report.ask() for _ in range(100)))
        assert control.asked == 1
        control.answering.set()
        assert [(await task)["number"] for task in (*first, *others)] == [1, *[2] * 100]
        assert control.asked == 2
        assert (await report.ask())["number"] == 3

    run(test)


def test_a_caller_that_is_gone_takes_nothing_from_the_others() -> None:
    """The question goes on."""

    async def test(control: Control, report: SharedReport) -> None:
        one, other = await started(report.ask(), report.ask())
        one.cancel()
        control.answering.set()
        assert (await other)["number"] == 1

    run(test)


def test_a_question_without_an_answer_fails_for_all_who_shared_it() -> None:
    """And for nobody else."""

    async def test(control: Control, report: SharedReport) -> None:
        control.silent = True
        control.answering.set()
        for task in await started(report.ask(), report.ask()):
            with pytest.raises(Unanswered):
                await task
        control.silent = False
        assert (await report.ask())["number"] == 2

    run(test)


def test_reports_take_a_third_of_the_time() -> None:
    """Whoever asks as fast as possible leaves the forwarder two thirds; who asks less often does not wait."""

    async def test(control: Control, report: SharedReport) -> None:
        control.answering.set()
        control.takes = 0.25
        for _ in range(4):
            await report.ask()
        assert control.times == [0, 0.75, 1.5, 2.25]
        control.now = 10
        await report.ask()
        assert control.times[-1] == 10

    run(test)
