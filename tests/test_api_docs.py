"""The page on Python says what works: its examples are run, on fake clients whose video suffers from a thin uplink."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import synthlab
from synthlab import Client, Lab
from synthlab.control.backend import Backend
from synthlab.control.webrtc_stats import Stats
from synthlab.pytest_plugin.labs import Labs
from synthlab.stack import read_stack
from synthlab.testing import FakeClientApi, FakeEngine, fake_container

pytest_plugins = ["pytester"]

PAGE = (Path(__file__).parent.parent / "docs" / "python.md").read_text()
EXAMPLES = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
OF_PYTEST = [example for example in EXAMPLES if "import pytest" in example]
NAMES = ("Lab", "ExpectationFailed", "Inconclusive", "SynthlabError", "WrongUse")
# Their calls are those of tests/e2e/test_browser.py.
OF_PLAYWRIGHT = [example for example in EXAMPLES if "playwright" in example]
OTHERS = [example for example in EXAMPLES if example not in OF_PYTEST + OF_PLAYWRIGHT]


class Viewer(FakeClientApi):
    """Sees 25 frames a second of client2, or 2 where that one's uplink has a rate."""

    shown: FakeClientApi

    def stats(self, judged: bool = False) -> Stats:
        fps = 2 if self.shown.conditions.egress.rate_bps else 25
        return Stats.from_dict({"values": {"video": {"client2": {"fps": fps}}}, "age_s": {"video": 0.1}})


def fake_lab(stack: str, name: str | None = None, **_: Any) -> Lab:
    names = {"client1": "", "client2": "", "bot-1": "bot", "bot-2": "bot", "phone": "", "home": ""}
    clients = [fake_container("call", *one, index=index) for index, one in enumerate(names.items(), 1)]
    clients[-2] = replace(clients[-2], uplinks=("home", "lte"))
    clients[-1] = replace(clients[-1], role="router")
    containers = [replace(clients[0], id="call/sfu", client="", group="", role="sfu"), *clients]
    apis = {one.id: FakeClientApi(one.client) for one in clients}
    viewer = Viewer("client1")
    viewer.shown = apis["call/client2"]
    apis["call/client1"] = viewer
    backend = Backend(FakeEngine(containers), lambda container: apis[container.id])
    return Lab(backend, name or "call", [replace(one, lab=name or "call") for one in containers], read_stack(stack))


@pytest.fixture
def lab(monkeypatch: pytest.MonkeyPatch) -> Iterator[Lab]:
    """A lab of the bundled call, and the same where the page brings one up."""
    monkeypatch.setattr(Lab, "up", fake_lab)
    with fake_lab("call.yaml") as lab:
        yield lab


@pytest.mark.parametrize("example", OTHERS, ids=lambda example: example.split("\n", 1)[0])
def test_examples(example: str, lab: Lab) -> None:
    """Each runs to its end."""
    exec(compile(example, "docs/python.md", "exec"), {"lab": lab})


@pytest.mark.parametrize("example", OF_PLAYWRIGHT)
def test_example_of_playwright(example: str) -> None:
    """It imports what it uses; only `lab` is there already."""
    names = [node for node in ast.walk(ast.parse(example)) if isinstance(node, ast.Name)]
    used, made = ({node.id for node in names if isinstance(node.ctx, kind)} for kind in (ast.Load, ast.Store))
    imported = {
        alias.name for node in ast.walk(ast.parse(example)) if isinstance(node, ast.ImportFrom) for alias in node.names
    }
    assert used - made - imported == {"lab"}


def test_example_of_pytest(pytester: pytest.Pytester) -> None:
    """Its tests pass, one after the other in one lab."""
    (example,) = OF_PYTEST
    pytester.makeconftest(
        """
        import pytest
        from synthlab.pytest_plugin import LABS, RUN
        from tests.test_api_docs import fake_labs

        @pytest.hookimpl(trylast=True)
        def pytest_configure(config):
            config.stash[LABS] = fake_labs(config.stash[RUN])
        """
    )
    pytester.makepyfile(example)
    pytester.runpytest_inprocess().assert_outcomes(passed=2)


def fake_labs(run: Any) -> Labs:
    """Those of the page's tests: no Docker, no captures."""

    class Watched:
        def watch(self, clients: Any) -> None: ...

        def close(self) -> None: ...

    kept: list[Lab] = []

    def up(stack: str, *_: Any, **__: Any) -> Lab:
        kept.append(fake_lab(stack))
        return kept[0]

    return Labs(run, {"ttl": "1h"}, Backend(FakeEngine()), up, lambda backend, lab: Watched())  # type: ignore[arg-type, return-value]


def test_every_method_is_documented() -> None:
    """Of a client, in the table; and what is imported, somewhere on the page."""
    public = [name for name in vars(Client) if not name.startswith("_") and name not in ("api", "group")]
    table = PAGE.partition("| of a client | is |")[2].partition("\n\n")[0]
    assert [name for name in public if not re.search(rf"`{name}[(`]", table)] == []
    assert [name for name in NAMES if name not in PAGE] == []
    assert set(synthlab.__all__) >= set(NAMES)
