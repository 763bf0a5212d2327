"""What pytest shows and keeps of a test that has failed on a lab."""

from __future__ import annotations

from importlib import import_module
from types import TracebackType

import pytest

from ..errors import SynthlabError, WrongUse
from .journal import PACKAGE
from .kept import FailedTest, KeptEvidence
from .labs import Used
from .run import PytestRun

_ALLURE_KINDS = {"html": "HTML", "json": "JSON", "log": "TEXT", "png": "PNG", "txt": "TEXT"}
"""Of files, by their endings. A browser does not show others."""

Raised = pytest.ExceptionInfo[BaseException]


def is_mistake(error: BaseException) -> bool:
    """Whether the test itself is wrong: nothing of the lab explains a name that is misspelt."""
    return isinstance(error, WrongUse)


def hide_library(raised: Raised) -> None:
    """Let the traceback of an error that synthlab raises for its users end in their own code."""
    if not isinstance(raised.value, SynthlabError):
        return
    at: TracebackType | None = raised.tb
    while at and at.tb_next:
        if at.tb_next.tb_frame.f_code.co_filename.startswith(PACKAGE):
            at.tb_next = None
        at = at.tb_next
    raised.traceback = raised.traceback.cut()


def keep_failure(item: pytest.Item, raised: Raised, report: pytest.TestReport, used: Used, run: PytestRun) -> None:
    """Collect evidence and the page; name them in the report, in JUnit's properties, and to Allure."""
    reason = raised.exconly(tryshort=True).splitlines()[0]
    file = item.nodeid.partition("::")[0]
    test = FailedTest(name=item.name, file=file, seed=run.seed, reason=reason, error=raised.value)
    kept = used.keep(item.config.getoption("--synthlab-evidence"), item.nodeid, test)
    report.sections.append(("synthlab", "\n".join([run.seed_line, *kept.lines])))
    item.user_properties += kept.properties
    if item.config.pluginmanager.has_plugin("allure_listener"):
        _attach(kept)


def _attach(kept: KeptEvidence) -> None:
    """To the test in Allure's report, which has not ended yet."""
    allure = import_module("allure")
    files = ({"report": kept.report} if kept.report else {}) | kept.files
    for shows, path in files.items():
        ending = path.suffix.removeprefix(".")
        kind = getattr(allure.attachment_type, _ALLURE_KINDS.get(ending, ""), None)
        allure.attach.file(str(path), name=shows, attachment_type=kind, extension=ending)
