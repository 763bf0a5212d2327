"""The documents name what there is: each value, and only files that exist."""

from __future__ import annotations

import re
import socket
from dataclasses import Field, replace
from pathlib import Path
from textwrap import indent
from typing import Any

import pytest

from syntheticnet.api.control_client import ControlClient
from syntheticnet.api.endpoint import Endpoint
from syntheticnet.api.routes import endpoints
from syntheticnet.api.state_answer import Identity
from syntheticnet.conditions import LOOKUP_WORDS, Conditions, condition_fields
from syntheticnet.conditions.states import STATE_KEYS
from synthlab.cli.command_tree import TREE
from synthlab.scenario import check_scenario
from synthlab.scenario.expression import Expression, Known
from synthlab.scenario.expression.parse import FUNCTIONS
from synthlab.scenario.reader import TOP
from synthlab.scenario.step_kind import Key, StepKind
from synthlab.scenario.step_reader import COMMON
from synthlab.scenario.steps import KINDS
from synthlab.stack import read_stack
from synthlab.stack.netem import translate
from synthlab.stack.profiles import read_profiles
from synthlab.stack.states_file import read_states

ROOT = Path(__file__).parent.parent
SCENARIOS = (ROOT / "docs" / "scenarios.md").read_text()
CONDITIONS = (ROOT / "docs" / "conditions.md").read_text()
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("*.md"))]
FOREIGN = re.compile(r"pipx? install(?: -\S+)* [\"']?synthlab(?![-\w/])")


def every_endpoint() -> tuple[Endpoint, ...]:
    with socket.socket() as end:
        return endpoints(ControlClient(end), Identity("", "", Conditions()))


@pytest.mark.parametrize("item", condition_fields(), ids=lambda item: item.metadata["name"])
def test_every_value_is_documented(item: Field[Any]) -> None:
    """With its name, its example and its help, as the code has them."""
    meta = item.metadata
    row = f"| `{meta['name']}` | `{meta['example']}` | {meta['help']}"
    assert row in CONDITIONS


def test_every_cause_of_drops_is_documented() -> None:
    """The page on the forwarder lists each cause under which an element drops packets."""
    sources = [file.read_text() for file in (ROOT / "images" / "syntheticnet" / "elements").glob("*.py")]
    causes = {cause for source in sources for cause in re.findall(r'drop\(.*"(\w+)"\)', source)}
    counts = (ROOT / "docs" / "forwarder.md").read_text().partition("\n## Counts\n")[2].partition("\n## ")[0]
    assert {"loss", "codel", "mtu"} <= causes
    assert causes - set(re.findall(r"`(\w+)`", counts)) == set()


def test_every_command_is_documented() -> None:
    """The table of commands has each one under its heading, in the order of `synthlab --help`."""
    page = (ROOT / "docs" / "commands.md").read_text()
    rows = {name: re.findall(r"`(\w+)`", words) for name, words in re.findall(r"(?m)^\| (\w+) \| (.*) \|$", page)}
    assert rows == {heading: list(commands) for heading, commands in TREE.items() if heading != "Groups"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_to_files(page: Path) -> None:
    """Every link to a file of the repository."""
    links = re.findall(r"\]\(([^)#:]+)\)", page.read_text())
    assert [link for link in links if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_nobody_is_led_to_the_foreign_package(page: Path) -> None:
    """What is called `synthlab` on PyPI is somebody else's: no document tells anybody to install that."""
    assert FOREIGN.findall(page.read_text()) == []


@pytest.mark.parametrize("line", ["pip install synthlab", "pipx install synthlab", "pip install -U 'synthlab==0.2.0'"])
def test_the_foreign_package_is_recognized(line: str) -> None:
    """However it is asked for; ours, in a folder or under its own name, is not meant."""
    assert FOREIGN.search(line)
    assert not FOREIGN.search(line.replace("synthlab", "synthlab-rtc"))
    assert not FOREIGN.search(line.replace("synthlab", "./synthlab"))


def test_every_page_is_in_the_navigation() -> None:
    """Each page of docs/ is on the built site, and its way is on the first page."""
    pages = {page.name for page in (ROOT / "docs").glob("*.md")}
    assert set(re.findall(r": ([\w-]+\.md)$", (ROOT / "mkdocs.yml").read_text(), re.MULTILINE)) == pages
    index = (ROOT / "docs" / "index.md").read_text()
    assert set(re.findall(r"\]\(([\w-]+\.md)\)", index)) == pages - {"index.md"}


def test_the_readme_is_short() -> None:
    """Whoever comes by reads it to the end."""
    assert len((ROOT / "README.md").read_text().splitlines()) <= 120


@pytest.mark.parametrize("endpoint", every_endpoint(), ids=lambda endpoint: f"{endpoint.method} {endpoint.path}")
def test_every_request_is_documented(endpoint: Endpoint) -> None:
    """The page on the API has each path, with its methods."""
    requests = re.findall(r"^\| (`.*?`) \|", (ROOT / "docs" / "api.md").read_text(), re.MULTILINE)
    answers = {word for request in requests if f"{endpoint.path}`" in request for word in re.findall("[A-Z]+", request)}
    assert endpoint.method in answers


def test_the_forwarders_page_is_short() -> None:
    """A newcomer reads it at one go."""
    assert len((ROOT / "docs" / "forwarder.md").read_text().splitlines()) < 200


def examples(page: str) -> list[str]:
    """The YAML that a page shows."""
    return re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)


@pytest.mark.parametrize("page", ["stacks", "routers", "security"])
def test_stack_examples_are_valid(page: str, tmp_path: Path) -> None:
    """Each complete stack file of a page can be read."""
    stacks = [text for text in examples((ROOT / "docs" / f"{page}.md").read_text()) if {"sfu", "clients"} <= keys(text)]
    assert stacks
    for text in stacks:
        (tmp_path / "example.yaml").write_text(text)
        assert read_stack(str(tmp_path / "example.yaml"), environment={}).clients


def keys(text: str) -> set[str]:
    """The top-level keys of a YAML mapping."""
    return set(re.findall(r"(?m)^(\w+):", text))


def cells(heading: str) -> list[str]:
    """The code in the first cells of the tables below a heading of the page on scenarios."""
    section = SCENARIOS.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    return re.findall(r"^\| `(.+?)` \|", section, re.MULTILINE)


def row(name: str, key: Key) -> str:
    return f"| `{name}` | {key.help}{' (needed)' if key.required else ''} |"


@pytest.fixture
def scenario_folder(tmp_path: Path) -> Path:
    """A folder with the traces that examples name."""
    (tmp_path / "traces").mkdir()
    (tmp_path / "traces" / "train.csv").write_text("time,egress.rate,both.latency\n0s,1mbit,20ms\n10s,500kbit,80ms\n")
    for name in ("lte.up", "lte.down"):
        (tmp_path / "traces" / name).write_text("1\n5\n10\n")
    return tmp_path


@pytest.mark.parametrize("example", examples(SCENARIOS), ids=lambda example: example.split("\n", 1)[0])
def test_examples_of_scenarios_can_be_played(example: str, scenario_folder: Path) -> None:
    """Each example is a whole scenario, or steps of one."""
    file = scenario_folder / "example.yaml"
    file.write_text(example if "stack:" in example else f"stack: call.yaml\nsteps:\n{example}")
    assert check_scenario(str(file), environment={}).track.blocks


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_every_step_is_documented(kind: StepKind) -> None:
    """With each of its keys and its help, as the code has them, and an example that uses it."""
    shared = SCENARIOS.partition("\n## Values\n")[2].partition("\n## Steps\n")[0]
    sections = [part for part in SCENARIOS.split("\n### ")[1:] if kind.name in part.partition("\n")[0].split(", ")]
    assert len(sections) == 1
    assert [name for name, key in kind.keys.items() if row(name, key) not in sections[0] + shared] == []
    assert any(re.search(rf"\b{kind.name}:", example) for example in examples(sections[0]))


def test_when_every_step_is_done() -> None:
    """The table of when a step is done has each kind; `mark` takes no time."""
    rows = SCENARIOS.partition("\n| step | done |\n")[2].partition("\n\n")[0]
    assert {kind.name for kind in KINDS} - set(re.findall(r"`([\w-]+)`", rows)) == {"mark"}


def test_every_key_of_a_scenario_is_documented() -> None:
    """Those of the file, and those that every step may have."""
    assert [name for name, key in {**TOP, **COMMON}.items() if row(name, key) not in SCENARIOS] == []


def test_expressions() -> None:
    """Each expression of the page is understood, each number can exist, and every function is shown."""
    known = replace(Known.of(read_stack("call")), numbers=("web.http", "db.tcp", "sfu.metrics"))
    shown = cells("Expressions")
    assert len(shown) > 20
    for text in shown:
        Expression.parse(text if re.search(r"[<>=(]", text) else f"not absent({text})", known)
    assert [name for name in FUNCTIONS if not any(f"{name}(" in text for text in shown)] == []


@pytest.mark.issue(15)
def test_examples_of_networks(tmp_path: Path) -> None:
    """The page on conditions shows networks that a client can have."""
    (example,) = [text for text in examples(CONDITIONS) if "network" in keys(text)]
    file = tmp_path / "example.yaml"
    file.write_text("name: a\nclients:\n  c:\n    image: x\n    " + example)
    assert read_stack(str(file)).translated


@pytest.mark.issue(15)
def test_the_translation_in_the_page_on_conditions() -> None:
    """It is what the text means, up to where it is cut off."""
    text, shown = re.findall(r"--netem '(.*)'\n    (netem: .*), \.\.\.\n", CONDITIONS)[0]
    assert translate(text).lines()[0].startswith(f"{shown}, ")
    note = " ".join(CONDITIONS.partition(shown)[2].partition("\n      ")[2].partition("\n      ...")[0].split())
    assert note == translate(text).notes[0]


def test_examples_of_profiles(scenario_folder: Path) -> None:
    """The page on conditions shows a file of profiles that can be read."""
    (example,) = [text for text in examples(CONDITIONS) if "profiles" in keys(text)]
    file = scenario_folder / "office.yaml"
    file.write_text(example)
    found = read_profiles(file, file.name)
    assert set(found) == {"slow", "train"}
    assert set(found["train"].files) == {"lte.down", "lte.up"}


@pytest.mark.issue(17)
def test_examples_of_names(tmp_path: Path) -> None:
    """The page on conditions shows look-ups that a client can have, with every kind of answer."""
    (example,) = [text for text in examples(CONDITIONS) if "dns" in keys(text)]
    file = tmp_path / "example.yaml"
    file.write_text("name: a\nclients:\n  c:\n    image: x\n    network:\n" + indent(example, "      "))
    dns = read_stack(str(file)).networks["c"].conditions.dns
    assert set(LOOKUP_WORDS) < {entry.answer for entry in dns.values()}
    assert any(entry.addresses for entry in dns.values())


@pytest.mark.issue(15)
def test_examples_of_states(tmp_path: Path) -> None:
    """The page on conditions shows a file of states that can be read, and lists each key of a state."""
    example = next(text for text in examples(CONDITIONS) if "mean:" in text)
    file = tmp_path / "commute.yaml"
    file.write_text(example)
    assert list(read_states(str(file)).change["states"]) == ["good", "congested", "gone"]
    section = (ROOT / "docs" / "conditions.md").read_text().partition("\n## States\n")[2].partition("\n## ")[0]
    assert set(re.findall(r"`(\w+)`", " ".join(re.findall(r"(?m)^\| (`.+?`) \|", section)))) == set(STATE_KEYS)
