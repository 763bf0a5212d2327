"""Tests of other programs in a lab: what is measured meanwhile, and its report."""

from __future__ import annotations

from typing import Any

from starlette.responses import HTMLResponse

from .. import schemas
from ..endpoint import LabEndpoint, LabRequest
from .runs import REPORT_HEADERS

_LONGEST_MS = 86_400_000

TEST = schemas.fields(
    ("name", "file"),
    name=schemas.text("the test's name", "video survives a cut", most=1000),
    file=schemas.text("the file that it is in", "call.spec.ts:12", most=1000),
)
EXPECTED = schemas.fields(
    ("text", "expression", "verdict", "asked_ms", "decided_ms"),
    text=schemas.text("the expectation, for people", most=2000),
    expression=schemas.text("the same as an expression of scenarios", "client1.video.client2.fps >= 10", most=2000),
    verdict=schemas.word("what came of it", "passed", "failed", "inconclusive"),
    reason=schemas.text("why", most=2000),
    asked_ms=schemas.number("when it was asked, in ms since 1970"),
    decided_ms=schemas.number("when it was decided, in ms since 1970"),
    within_ms=schemas.whole("how long it had", 0, _LONGEST_MS),
    for_ms=schemas.whole("how long it had to hold", 0, _LONGEST_MS),
    took_ms=schemas.whole("how long it took", 0, _LONGEST_MS),
)
OUTCOME = schemas.fields(
    ("verdict", "expectations"),
    verdict=schemas.word("the test's", "passed", "failed", "inconclusive"),
    reason=schemas.text("why, in one line", most=2000),
    expectations=schemas.array(EXPECTED, "in the order in which they were asked"),
)
WATCH = "/v1/labs/{lab}/watch"


def begin(request: LabRequest) -> Any:
    """A test begins: sample the lab from now on."""
    request.dashboard.watches.begin(request.lab(), request.body["name"], request.body["file"])
    return {}


def end(request: LabRequest) -> Any:
    """The test has ended: no longer sample the lab."""
    request.dashboard.watches.end(request.path["lab"])
    return {}


def report(request: LabRequest) -> Any:
    """The HTML report of the test so far; takes some seconds, as it collects evidence."""
    from ...report import report_page

    body = request.body
    watch = request.dashboard.watches.of(request.path["lab"])
    record = watch.record(body["verdict"], body.get("reason", ""), body["expectations"])
    return HTMLResponse(report_page([record]), headers=REPORT_HEADERS)


TABLE = (
    LabEndpoint(method="PUT", path=WATCH, handler=begin, body=TEST, answer=schemas.fields(), failures=(404,)),
    LabEndpoint(method="DELETE", path=WATCH, handler=end, answer=schemas.fields(), failures=(404,)),
    LabEndpoint(
        method="POST",
        path=f"{WATCH}/report",
        handler=report,
        body=OUTCOME,
        media="text/html",
        answer=schemas.text("a page"),
        failures=(404,),
    ),
)
