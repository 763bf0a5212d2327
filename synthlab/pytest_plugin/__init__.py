"""The pytest plugin: the fixture `lab`, the marker of the same name, and evidence of failed tests.

Every pytest run loads this module if synthlab is installed, so slow imports wait until a test asks for a lab.
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

MARKER = "lab(stack, name=None): the stack for the fixture `lab`: a file, or a bundled name"
NO_STACK = "no stack for the fixture `lab`: mark the test with @pytest.mark.lab('call.yaml'), or pass --synthlab-stack"
ONE_LAB = "--synthlab-lab: several workers cannot share one lab: remove it, or -n"
TTL = "2h"

RUN = pytest.StashKey[PytestRun]()
LABS: pytest.StashKey[Labs] = pytest.StashKey()
USED: pytest.StashKey[Used] = pytest.StashKey()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("synthlab", "labs of synthlab")
    group.addoption("--synthlab-stack", metavar="STACK", help="the stack for tests without the marker")
    group.addoption("--synthlab-lab", metavar="NAME", help="use this running lab for all tests, whatever their stack")
    group.addoption("--synthlab-engine", metavar="docker|swarm", help="where the labs run: this machine, or a swarm")
    group.addoption("--synthlab-registry", metavar="HOST:PORT", help="push the images there, for the swarm's nodes")
    group.addoption("--synthlab-seed", type=int, metavar="N", help="repeat the random draws of the run with this seed")
    group.addoption(
        "--synthlab-ttl",
        default=os.environ.get("SYNTHLAB_TTL", TTL),
        metavar="2h",
        help="labs expire after this long, in case pytest is killed",
    )
    group.addoption(
        "--synthlab-evidence",
        default="synthlab-evidence",
        metavar="DIR",
        help="the folder for evidence of failed tests (default: synthlab-evidence)",
    )
    parser.addini("synthlab_stack", "the stack for tests without the marker")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", MARKER)
    inherited = getattr(config, "workerinput", {})
    config.stash[RUN] = PytestRun(
        # From the system: where `random` is seeded, two runs at once would have the same labs.
        token=inherited.get("synthlab_token", f"{SystemRandom().getrandbits(16):04x}"),
        seed=inherited.get("synthlab_seed", _given_seed(config)),
        worker=inherited.get("workerid", ""),
        alone=inherited.get("workercount", 1) == 1,
    )


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Pass the run's token and seed to an xdist worker."""
    run = node.config.stash[RUN]
    node.workerinput |= {"synthlab_token": run.token, "synthlab_seed": run.seed}
    run.workers.add(node.gateway.id)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Forget a worker that exited normally: it has taken its labs down."""
    if hasattr(node, "workeroutput"):
        node.config.stash[RUN].workers.discard(node.gateway.id)


def pytest_report_header(config: pytest.Config) -> str | None:
    if any(config.getoption(f"--synthlab-{name}") for name in ("stack", "lab", "seed")) or _ini_stack(config):
        return f"synthlab: {config.stash[RUN].seed_line}"
    return None


@pytest.fixture
def lab(request: pytest.FixtureRequest) -> Iterator[Lab]:
    """A running lab of the stack in the test's marker, or in `--synthlab-stack`.

    It is brought up once and shared by all tests of the stack, or by those of one xdist worker. Each test starts with
    the stack's conditions and all containers running. A failed test leaves evidence.
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
        pytest.fail(f"the lab could not be restored for the next test: {error.message}", pytrace=False)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Collect evidence of a failed test before the fixture resets its conditions."""
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
    """Take the labs down, after the fixtures of a test interrupted by Ctrl-C."""
    _end(session.config)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Take the labs down if no session finished, and remove those of killed workers."""
    _end(config)
    if RUN in config.stash and config.stash[RUN].workers:
        from .labs import remove_left

        remove_left(config.stash[RUN])


def _lab_for(request: pytest.FixtureRequest) -> Used:
    """The lab for a test. Raises SynthlabError."""
    from .labs import Labs

    config = request.config
    if LABS not in config.stash:
        given = {name: config.getoption(f"--synthlab-{name}") for name in ("ttl", "engine", "registry")}
        config.stash[LABS] = Labs(config.stash[RUN], given)
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
    seed: int | None = config.getoption("--synthlab-seed")
    return SystemRandom().getrandbits(32) if seed is None else seed


def _ini_stack(config: pytest.Config) -> str:
    return str(config.getini("synthlab_stack") or "")


def _end(config: pytest.Config) -> None:
    if LABS in config.stash:
        config.stash[LABS].end()
