"""Labs for tests that pytest runs: the fixture `lab`, the marker of the same name, evidence of what failed.

Loaded by every run of pytest where synthlab is installed: whatever costs time is imported when a test asks for a lab.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator
from random import SystemRandom
from typing import TYPE_CHECKING, Any

import pytest

from .run import PytestRun

if TYPE_CHECKING:
    from ..lab.lab import Lab
    from .labs import Labs, Used

MARKER = "lab(stack, name=None): the stack of the lab that the fixture `lab` gives: a file, or a bundled name"
NO_STACK = "which lab? Mark the test, as in @pytest.mark.lab('call.yaml'), or give --synthlab-stack"
ONE_LAB = "--synthlab-lab is one lab, which several workers cannot use at a time: leave it out, or -n"
TTL = "2h"

RUN = pytest.StashKey[PytestRun]()
LABS: pytest.StashKey[Labs] = pytest.StashKey()
USED: pytest.StashKey[Used] = pytest.StashKey()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("synthlab", "labs of synthlab")
    group.addoption("--synthlab-stack", metavar="STACK", help="the stack of tests that are not marked with one")
    group.addoption("--synthlab-lab", metavar="NAME", help="a lab that is up, for all tests, whatever their stack")
    group.addoption("--synthlab-seed", type=int, metavar="N", help="draw as in the run that told this seed")
    group.addoption(
        "--synthlab-ttl",
        default=os.environ.get("SYNTHLAB_TTL", TTL),
        metavar="2h",
        help="labs end by themselves then, if pytest is killed",
    )
    group.addoption(
        "--synthlab-evidence",
        default="synthlab-evidence",
        metavar="DIR",
        help="where evidence of failed tests is kept (synthlab-evidence)",
    )
    parser.addini("synthlab_stack", "the stack of tests that are not marked with one")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", MARKER)
    inherited = getattr(config, "workerinput", {})
    config.stash[RUN] = PytestRun(
        token=inherited.get("synthlab_token", f"{SystemRandom().getrandbits(16):04x}"),
        seed=inherited.get("synthlab_seed", _given_seed(config)),
        worker=inherited.get("workerid", ""),
        alone=inherited.get("workercount", 1) == 1,
    )


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """A worker of xdist belongs to the same run."""
    run = node.config.stash[RUN]
    node.workerinput |= {"synthlab_token": run.token, "synthlab_seed": run.seed}
    run.workers.add(node.gateway.id)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """A worker that ended in good order has taken its labs down."""
    if hasattr(node, "workeroutput"):
        node.config.stash[RUN].workers.discard(node.gateway.id)


def pytest_report_header(config: pytest.Config) -> str | None:
    if any(config.getoption(f"--synthlab-{name}") for name in ("stack", "lab", "seed")) or _ini_stack(config):
        return f"synthlab: {config.stash[RUN].seed_line}"
    return None


@pytest.fixture
def lab(request: pytest.FixtureRequest) -> Iterator[Lab]:
    """A running lab of the stack that the test is marked with, or that `--synthlab-stack` names.

    It is brought up for the first test and kept for the others, with all conditions and containers as they were at its
    start; with xdist each worker has its own. Evidence of a failed test is kept.
    """
    from ..errors import SynthlabError

    try:
        used = _lab_for(request)
        used.begin()
    except SynthlabError as error:
        pytest.fail("\n".join([error.message, *error.details]), pytrace=False)
    request.node.stash[USED] = used
    request.node.user_properties.append(("synthlab.seed", str(request.config.stash[RUN].seed)))
    yield used.lab
    try:
        used.lab.restore()
    except SynthlabError as error:
        pytest.fail(f"the lab cannot be put back as it was: {error.message}", pytrace=False)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """What is to be kept of a test that has failed is collected before its conditions are taken back."""
    used = item.stash.get(USED, None)
    if used is None or call.excinfo is None:
        return (yield)
    from . import failure

    if not item.config.getoption("fulltrace"):
        failure.hide_library(call.excinfo)
    report = yield
    if report.failed and report.when != "teardown" and not failure.is_mistake(call.excinfo.value):
        failure.keep_failure(item, call.excinfo, report, used, item.config.stash[RUN])
    return report


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """After the fixtures of a test that Ctrl-C has ended, which put its lab back as it was."""
    _end(session.config)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Again, for an end without a session's; and for workers that were killed."""
    _end(config)
    if RUN in config.stash and config.stash[RUN].workers:
        from .labs import remove_left

        remove_left(config.stash[RUN])


def _lab_for(request: pytest.FixtureRequest) -> Used:
    """The lab that a test asks for. Raises SynthlabError."""
    from . import labs as made

    config = request.config
    if LABS not in config.stash:
        config.stash[LABS] = made.Labs(config.stash[RUN], config.getoption("--synthlab-ttl"))
    labs = config.stash[LABS]
    if attached := config.getoption("--synthlab-lab"):
        if not config.stash[RUN].alone:
            pytest.fail(ONE_LAB, pytrace=False)
        return labs.attached(attached)
    marker = request.node.get_closest_marker("lab")
    if marker and marker.args:
        return labs.of(marker.args[0], request.path.parent, marker.kwargs.get("name"))
    if stack := config.getoption("--synthlab-stack"):
        return labs.of(stack, config.invocation_params.dir)
    if stack := _ini_stack(config):
        return labs.of(stack, config.rootpath)
    pytest.fail(NO_STACK, pytrace=False)


def _given_seed(config: pytest.Config) -> int:
    given: int | None = config.getoption("--synthlab-seed")
    return SystemRandom().getrandbits(32) if given is None else given


def _ini_stack(config: pytest.Config) -> str:
    return str(config.getini("synthlab_stack") or "")


def _end(config: pytest.Config) -> None:
    if LABS in config.stash:
        config.stash[LABS].end()
