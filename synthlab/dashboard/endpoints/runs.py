"""Scenarios, and their runs."""

from __future__ import annotations

from typing import Any

from starlette.responses import FileResponse, HTMLResponse

from ...errors import WrongUse
from ...scenario import check_scenario
from .. import schemas
from ..endpoint import LabEndpoint, LabRequest
from ..failures import NotThere
from ..files import refuse_strange_plan
from ..scenario_files import list_scenarios

STEP = schemas.fields(
    ("step", "at_s", "title", "kind"),
    step=schemas.text("its id"),
    at_s=schemas.number("when it begins, at the earliest"),
    until_s=schemas.number("when its effects end"),
    title=schemas.text("what it does"),
    kind=schemas.text("the kind of step"),
    depth=schemas.whole("how deeply it is nested", 0, 1000),
)
STEP_STATE = schemas.fields(
    ("step", "state"),
    step=schemas.text("its id"),
    state=schemas.word("how far it is", "waiting", "running", "passed", "failed", "done"),
    at_s=schemas.number("when it began"),
    until_s=schemas.number("when it was done or judged"),
    value=schemas.text("what its expectation saw last"),
    reason=schemas.text("why it passed or failed"),
)
RUN = schemas.fields(
    ("id", "scenario", "lab", "seed", "state", "reasons", "plan", "steps", "elapsed_s", "lines"),
    id=schemas.text("its id"),
    scenario=schemas.text("the scenario's file"),
    lab=schemas.text("the lab"),
    seed=schemas.whole("the seed", 0, 2**63 - 1),
    state=schemas.word("how far it is", "running", "ended"),
    verdict=schemas.word("the result", "passed", "failed", "inconclusive", "wrong use"),
    status=schemas.whole("the exit status that the command would have", 0, 3),
    reasons=schemas.array(schemas.text("a line"), "why that is the verdict"),
    plan=schemas.array(STEP, "all steps, in the order of the file"),
    steps=schemas.array(STEP_STATE, "all steps, as they are now"),
    elapsed_s=schemas.number("since the first step began"),
    lines=schemas.array(schemas.text("a line"), "progress before and after the scenario itself"),
)
RUNS = schemas.fields(("runs",), runs=schemas.array(RUN, "the newest first"))
SCENARIO = schemas.fields(
    ("file", "title", "stack", "variables", "bundled"),
    file=schemas.text("the name to run it by"),
    title=schemas.text("what it is about"),
    stack=schemas.text("its stack"),
    variables=schemas.by_name(schemas.text("its default"), "its variables"),
    bundled=schemas.flag("whether it came with synthlab"),
    error=schemas.text("why it cannot be read; it then cannot be played"),
)
PLAY = schemas.fields(
    ("scenario",),
    scenario=schemas.text("a file below the server's folder, or a bundled name", "dog-chews-fiber", most=1000),
    lab=schemas.text("a running lab to use; by default one of the scenario's stack, brought up if needed", most=200),
    variables=schemas.by_name(schemas.text("a value"), "values of the scenario's variables"),
    seed=schemas.whole("the seed of its random draws", 0, 2**63 - 1),
    allow_host=schemas.flag("let files that are not your own act with your rights"),
)
# Evidence is text of applications: no browser may run it as ours.
EVIDENCE_HEADERS = {"content-security-policy": "sandbox", "content-disposition": "attachment"}
# The report allows its own scripts by hash, in a policy of its own.
REPORT_HEADERS = {"content-security-policy": "frame-ancestors 'self'"}


def scenarios(request: LabRequest) -> Any:
    """The bundled scenarios, and those below the server's folder."""
    return {"scenarios": list_scenarios(request.dashboard.folder.path)}


def play(request: LabRequest) -> Any:
    """Play a scenario; 409 if one is already running in that lab."""
    body, dashboard = request.body, request.dashboard
    name = dashboard.folder.checked(body["scenario"])
    compose = dashboard.backend.engine.compose_config
    plan = check_scenario(name, body.get("variables"), seed=body.get("seed"), compose=compose)
    dashboard.folder.refuse_foreign(plan.scenario.stack.source, plan.scenario.stack_file)
    if not body.get("allow_host", False):
        refuse_strange_plan(plan)
    if "lab" in body:
        dashboard.lab(body["lab"])
    return {"run": dashboard.runs.start(plan, body.get("lab")).id}


def list_runs(request: LabRequest) -> Any:
    """The last runs, the newest first."""
    return {"runs": [run.to_dict() for run in request.dashboard.runs.all()]}


def get_run(request: LabRequest) -> Any:
    """How far a run is, and its verdict once it has ended."""
    return request.dashboard.runs.get(request.path["id"]).to_dict()


def stop(request: LabRequest) -> Any:
    """Stop a run; it reverts everything."""
    return request.dashboard.runs.stop(request.path["id"]).to_dict()


def report(request: LabRequest) -> Any:
    """The HTML report of a run that has ended."""
    return HTMLResponse(request.dashboard.runs.report(request.path["id"]), headers=REPORT_HEADERS)


def evidence(request: LabRequest) -> Any:
    """A file that the report links to: logs, packets, screenshots."""
    folder = (request.dashboard.runs.get(request.path["id"]).folder / "evidence").resolve()
    try:
        file = (folder / request.path["path"]).resolve()
        if file.is_relative_to(folder) and file.is_file():
            return FileResponse(file, headers=EVIDENCE_HEADERS)
    except (OSError, ValueError) as error:
        raise WrongUse(f"not the name of a file: {error}") from None
    raise NotThere("no such file among the evidence of this run")


ONE = "/v1/runs/{id}"
TABLE = (
    LabEndpoint(
        method="GET",
        path="/v1/scenarios",
        handler=scenarios,
        answer=schemas.fields(("scenarios",), scenarios=schemas.array(SCENARIO, "bundled ones first")),
    ),
    LabEndpoint(
        method="POST",
        path="/v1/runs",
        handler=play,
        body=PLAY,
        answer=schemas.fields(("run",), run=schemas.text("the id of the run")),
        status=202,
        failures=(403, 404, 409),
    ),
    LabEndpoint(method="GET", path="/v1/runs", handler=list_runs, answer=RUNS),
    LabEndpoint(method="GET", path=ONE, handler=get_run, answer=RUN),
    LabEndpoint(method="DELETE", path=ONE, handler=stop, answer=RUN),
    LabEndpoint(
        method="GET",
        path=f"{ONE}/report",
        handler=report,
        media="text/html",
        answer=schemas.text("a page"),
        failures=(409,),
    ),
    LabEndpoint(
        method="GET",
        path=f"{ONE}/evidence/{{path:path}}",
        handler=evidence,
        media="application/octet-stream",
        answer=schemas.text("the file"),
    ),
)
