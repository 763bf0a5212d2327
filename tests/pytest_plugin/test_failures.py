"""What pytest shows and keeps of a test that fails on a lab: a page, evidence, properties, attachments."""

from __future__ import annotations

import json
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from synthlab.pytest_plugin.journal import Journal, since
from synthlab.scenario.record import Series

from ..report.pages import Page

pytest_plugins = ["pytester", "tests.pytest_plugin.inner_pytest"]
pytestmark = pytest.mark.issue(10)

FAILING = """
import pytest

pytestmark = pytest.mark.lab("call.yaml")

def test_it(lab):
    lab["client1"].set(egress={"loss": "5%"})
    lab["client2"].set(egress={"latency": "7ms"}, for_="10s")
    with pytest.raises(AssertionError):
        lab["client2"].expect("egress.packets_in < 0")
    lab["client1"].never("egress.packets_in >= 0", for_="1s")
"""
OWN_FRAME = r"synthlab/[\w/]+\.py:\d+"
BROKEN = """
import pytest

pytestmark = pytest.mark.lab("call.yaml")

def test_it(lab):
    lab["client1"].set(egress={"loss": "5%"})
    assert lab.name == "a dog"
"""
PLACE = Path("synthlab-evidence/test_fails.py-test_it")


@pytest.fixture
def failing(folder: pytest.Pytester) -> pytest.Pytester:
    """A test that fails at once."""
    folder.makepyfile(test_fails=BROKEN)
    return folder


def test_what_is_kept_of_a_failed_test(folder: pytest.Pytester) -> None:
    """A report page as for a scenario, with the evidence; both are JUnit properties and Allure attachments.

    The traceback ends in the test's own line.
    """
    folder.makepyfile(test_fails=FAILING)
    result = folder.runpytest_inprocess("--synthlab-seed", "7", "--junitxml", "out.xml", "--alluredir", "allure")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([f"report: {PLACE}/report.html", f"evidence in {PLACE}:"])
    check_page(Page.of((PLACE / "report.html").read_text()))
    check_properties()
    check_attachments()
    shown = result.stdout.str()
    assert re.search(r'^>\s+lab\["client1"\]\.never', shown, re.MULTILINE)
    assert re.search(r"^test_fails\.py:10: ExpectationFailed", shown, re.MULTILINE)
    assert not re.search(OWN_FRAME, shown)


def check_page(page: Page) -> None:
    """Verdict, expectations, time line, steps with the test's own lines, conditions, and evidence."""
    for shown in (
        "test_it",
        "✗ failed",
        "client1: never egress.packets_in >= 0 for 1s",
        "it held after",
        "client1.egress.packets_in was",
        "set client1: egress loss 5%",
        "set client2: egress latency 7ms, for 10s",
        "test_fails.py:6",
        "test_fails.py:9",
        "client2: expect egress.packets_in < 0",
        "seed 7",
        "conditions of all clients: conditions.json",
    ):
        assert shown in page.text, shown
    lines = [line for chart in page.data["data1"]["charts"].values() for line in chart["lines"]]
    assert any(line["look"] == "configured" and 0.05 in line["values"] for line in lines)
    assert "client1: egress loss 5%" in [shade["text"] for shade in page.data["data1"]["shades"]]


def check_properties() -> None:
    """JUnit properties give the seed, and the paths of page and evidence."""
    case = next(ElementTree.parse("out.xml").iter("testcase"))
    properties = {entry.attrib["name"]: entry.attrib["value"] for entry in case.iter("property")}
    assert properties.pop("synthlab.lab").startswith("call-")
    assert properties.pop("synthlab.seed") == "7"
    assert properties == {
        "synthlab.report": f"{PLACE}/report.html",
        "synthlab.evidence.conditions of all clients": f"{PLACE}/conditions.json",
    }
    assert all(Path(path).is_file() for path in properties.values())


def check_attachments() -> None:
    """Page and evidence are attached to Allure's report."""
    (result,) = [json.loads(file.read_text()) for file in Path("allure").glob("*-result.json")]
    found = {one["name"]: (one["type"], Path("allure") / one["source"]) for one in result["attachments"]}
    assert found["report"][0] == "text/html"
    assert found["report"][1].read_text() == (PLACE / "report.html").read_text()
    assert found["conditions of all clients"][0] == "application/json"
    assert found["conditions of all clients"][1].is_file()


def test_who_passes_leaves_no_page(folder: pytest.Pytester) -> None:
    """A passed test leaves no page and no other file."""
    folder.makepyfile(test_fails=BROKEN.replace("a dog", "theirs"))
    folder.runpytest_inprocess("--synthlab-lab", "theirs").assert_outcomes(passed=1)
    assert not Path("synthlab-evidence").exists()


def test_the_page_is_of_this_test_alone(folder: pytest.Pytester) -> None:
    """The page omits what earlier tests did to the same lab."""
    before = "\ndef test_before(lab):\n    lab['client2'].set(latency='7ms')\n    lab.baseline('100ms')\n\n"
    folder.makepyfile(test_fails=BROKEN.replace("\ndef test_it", f"{before}def test_it"))
    folder.runpytest_inprocess().assert_outcomes(passed=1, failed=1)
    page = Page.of((PLACE / "report.html").read_text())
    assert "set client1" in page.text
    assert "7ms" not in page.text
    assert "baseline of" not in page.text


def test_without_allure(failing: pytest.Pytester) -> None:
    """allure is optional."""
    result = failing.runpytest_inprocess("-p", "no:allure_pytest")
    result.assert_outcomes(failed=1)
    assert (PLACE / "report.html").is_file()


def test_frames_below_a_thread_pool(folder: pytest.Pytester) -> None:
    """The traceback shows none of our frames, such as those of a client that does not answer."""
    folder.makepyfile(
        test_fails="""
        import pytest
        from synthlab.errors import SynthlabError

        @pytest.mark.lab("call.yaml")
        def test_it(lab, monkeypatch):
            def gone(*_):
                raise SynthlabError("client1: its API does not answer")

            monkeypatch.setattr(type(lab["client1"].api), "state", gone)
            lab["client1"].set(loss="5%")
        """
    )
    assert re.search(OWN_FRAME, folder.runpytest_inprocess("--full-trace").stdout.str())
    shown = folder.runpytest_inprocess().stdout.str()
    assert "SynthlabError: client1: its API does not answer" in shown
    assert "concurrent/futures" not in shown
    assert not re.search(OWN_FRAME, shown)


def test_a_typo(folder: pytest.Pytester) -> None:
    """A mistake in the test collects no evidence: the lab cannot explain it."""
    folder.makepyfile(
        test_fails="""
        import pytest

        TYPOS = [
            lambda lab: lab["cleint1"],
            lambda lab: lab["client1"].set(los="5%"),
            lambda lab: lab["client1"].expect("egress.pakets > 1", within="9s"),
        ]

        @pytest.mark.lab("call.yaml")
        @pytest.mark.parametrize("typo", TYPOS)
        def test_it(lab, typo):
            typo(lab)
        """
    )
    result = folder.runpytest_inprocess()
    result.assert_outcomes(failed=3)
    assert len(re.findall(r"^E .*WrongUse: .*did you mean ", result.stdout.str(), re.MULTILINE)) == 3
    result.stdout.no_fnmatch_line("*evidence in*")
    assert not Path("synthlab-evidence").exists()


def test_what_could_not_be_judged(folder: pytest.Pytester) -> None:
    """A test that failed as the lab was too slow is inconclusive on its page."""
    raised = 'from synthlab import Inconclusive; raise Inconclusive("the machine was too busy")'
    folder.makepyfile(test_fails=BROKEN.replace('assert lab.name == "a dog"', raised))
    folder.runpytest_inprocess().assert_outcomes(failed=1)
    assert "? inconclusive" in Page.of((PLACE / "report.html").read_text()).text


def test_where_nothing_can_be_kept(failing: pytest.Pytester) -> None:
    """A failure to write is reported, and does not hide the test's own failure."""
    Path("file").touch()
    result = failing.runpytest_inprocess("--synthlab-evidence", "file/in")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ['*assert lab.name == "a dog"', "file/in/*report.html cannot be written: Not a directory"]
    )


def test_samples_of_a_test() -> None:
    """Samples and their times start with the test; a number sampled only before is omitted."""
    samples = {"a": Series(times_s=[1.0, 4.9, 5.0, 6.5], values=[1, 2, 3, 4]), "b": Series(times_s=[1.0], values=[1])}
    assert since(samples, 5.0) == {"a": Series(times_s=[0.0, 1.5], values=[3, 4])}


def test_a_step_that_fails() -> None:
    """A failed step is recorded with its reason, and with the line that called it."""
    from synthlab.errors import SynthlabError

    journal = Journal()
    with pytest.raises(SynthlabError), journal.step("stop", "stop client1", ("client1",)):
        raise SynthlabError("it does not end")
    (step,) = journal.steps
    assert (step.id, step.error, step.clients) == ("1", "it does not end", ("client1",))
    assert step.place.startswith("test_failures.py:")
    assert step.began_s is not None
    assert step.ended_s is not None
