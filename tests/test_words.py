"""One word for each thing, and one thing for each class name. Old words do not come back in code, keys or documents."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest

from synthlab.scenario.reader import TOP
from synthlab.scenario.step_reader import COMMON
from synthlab.scenario.steps import KINDS

ROOT = Path(__file__).parents[1]
SOURCES = [*(ROOT / "synthlab").rglob("*.py"), *(ROOT / "images").rglob("*.py")]
PAGES = [*sorted((ROOT / "docs").glob("*.md")), ROOT / "README.md", ROOT / "CONTRIBUTING.md"]

# Parts of identifiers, and what to write instead.
IDENTIFIERS: Mapping[str, str] = {
    "agenda": "schedule",
    "chronicle": "log",
    "depot": "image_transfer",
    "desk": "controller",
    "exempt": "bypassed",
    "exhibit": "artifact",
    "exhibits": "artifacts",
    "fence": "firewall",
    "kit": "context",
    "lane": "treatment or bars",
    "law": "distribution",
    "mending": "fix",
    "pump": "loop",
    "rehearsal": "dry_run",
    "ruling": "result",
    "switchboard": "control server or channel",
    "talk": "conversation",
    "tally": "counters",
    "tallies": "counters",
    "terms": "options",
    "told": "describe, format or as_dict",
    "wish": "request",
    "wished": "requested",
    "wishes": "requests",
    "world": "backend",
}
# Complete identifiers, of words that have another use elsewhere.
NAMES: Mapping[str, str] = {
    "BadNumbers": "InvalidStats",
    "Load": "Traffic",
    "Numbers": "Stats",
    "Tell": "Progress",
    "doing": "action",
    "get_numbers": "get_stats",
    "load_sink": "traffic_sink",
    "load_source": "traffic_source",
    "numbers_table": "stats_table",
    "of_numbers": "of_stats",
    "start_load": "start_traffic",
    "tell": "progress",
}
MODULES: Mapping[str, str] = {
    "images/bot/feeds.py": "remote_feeds",
    "images/bot/numbers.py": "stats",
    "images/bot/reception.py": "inbound_track",
    "images/bot/room.py": "janus/room",
    "images/bot/session.py": "janus/session",
    "images/bot/subscription.py": "janus/subscription",
    "images/chrome/gate.py": "devtools_access",
    "images/chrome/names.py": "participant_names",
    "images/chrome/numbers.py": "stats",
    "images/chrome/sent.py": "outbound_stats",
    "images/chrome/trust.py": "ca_certs",
    "synthlab/runner/load.py": "traffic",
}
KEYS: Mapping[str, str] = {"load": "traffic", "way": "direction", "whole": "replace"}
TEXTS: Mapping[str, str] = {
    "/v1/numbers": "/v1/stats",
    "numbers()": "stats()",
    "synthlab schema": "synthlab scenario schema",
    "up call.yaml --name": "up call.yaml --lab",
    "--vnc": "--screen",
    "images remove": "images rm",
    "whole: true": "replace: true",
    "way: forth": "direction: a-to-b",
    "{load:": "{traffic:",
    "`held`": "`queued`",
    "`exempt`": "`bypassed`",
    "tell=": "progress=",
    "wished": "requested",
    "agenda": "schedule",
}
# Import aliases that kept an old name of a module alive.
ALIASES = {"answers", "baseimage", "inside", "libc", "netdev", "play", "qos_form", "upkeep"}
# `tell` is also a method of Python's files.
FOREIGN = {("synthlab/cli/commands/capture.py", "tell"), ("synthlab/scenario/recordings/packets.py", "tell")}


@cache
def identifiers(file: Path) -> frozenset[str]:
    """Every name that a source file defines or uses, and its own."""
    return frozenset({file.stem, *(name for node in ast.walk(ast.parse(file.read_text())) for name in _names(node))})


def _names(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name) | ast.arg(arg=name):
            yield name
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            yield name
        case ast.keyword(arg=str(name)) | ast.alias(asname=str(name)) | ast.alias(name=name):
            yield name


def parts(name: str) -> list[str]:
    """The words of an identifier: `_tellAll`, `tell_all` and `TELL_ALL` are `tell` and `all`."""
    return [part.lower() for part in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)]


def old(names: Iterable[str]) -> dict[str, str]:
    """The names that are, or contain, an old word, each with what to write instead."""
    found = {name: IDENTIFIERS[part] for name in names for part in parts(name) if part in IDENTIFIERS}
    return found | {name: NAMES[name.strip("_")] for name in names if name.strip("_") in NAMES}


def types(source: str) -> dict[str, bool]:
    """The types that a module defines: True for a class, False for an alias such as `Row = tuple[str, ...]`."""
    tree = ast.parse(source)
    targets = [target for node in tree.body if isinstance(node, ast.Assign) for target in node.targets]
    names = [target.id for target in targets if isinstance(target, ast.Name)]
    aliases = [name for name in names if name.lstrip("_")[:1].isupper() and not name.isupper()]
    classes = [node.name for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    return dict.fromkeys(aliases, False) | dict.fromkeys(classes, True)


def shared_names(sources: Mapping[str, str]) -> dict[str, list[str]]:
    """The files that define the name of a class, where there are several."""
    homes, of_classes = defaultdict(list), set()
    for file, source in sources.items():
        for name, is_class in types(source).items():
            homes[name].append(file)
            if is_class:
                of_classes.add(name)
    return {name: homes[name] for name in of_classes if len(homes[name]) > 1}


@pytest.mark.parametrize("name", ["_tell", "told_left", "Numbers", "agenda_table", "showAgenda", "WISHES", "Desk"])
def test_old_words_are_recognized(name: str) -> None:
    """Also as a part of a name, and in any case."""
    assert old([name])


@pytest.mark.parametrize("name", ["progress", "retell", "desktop", "numbers", "load", "statistics", "lawful"])
def test_other_words_are_not(name: str) -> None:
    """Nor as a part of another word."""
    assert old([name]) == {}


def test_identifiers() -> None:
    """No source of the host or of the images has an old word as an identifier or as the name of a file."""
    found = {
        f"{file.relative_to(ROOT)}: {name}": new
        for file in SOURCES
        for name, new in old(identifiers(file)).items()
        if (str(file.relative_to(ROOT)), name) not in FOREIGN
    }
    assert found == {}


def test_a_class_name_has_one_meaning() -> None:
    """No class of the host or of the images, private or nested, shares its name with another class or a type alias."""
    assert len(SOURCES) > 200
    assert shared_names({str(file.relative_to(ROOT)): file.read_text() for file in SOURCES}) == {}


def test_a_second_meaning_is_found() -> None:
    """Private and nested classes count, and an alias with the name of a class; constants and equal aliases do not."""
    sources = {
        "a.py": "class _Layer: ...\nclass Plan: ...\nRow = tuple[str, ...]\nMOST = 3\n",
        "b.py": "def f():\n    class _Layer: ...\nPlan = dict[str, int]\nRow = tuple[str, ...]\nMOST = 4\n",
    }
    assert shared_names(sources) == {"_Layer": ["a.py", "b.py"], "Plan": ["a.py", "b.py"]}


def test_modules_are_imported_by_their_names() -> None:
    """No import gives a module an old name, in tests and benchmarks neither."""
    files = [*SOURCES, *(ROOT / "tests").rglob("*.py"), *(ROOT / "benchmarks").rglob("*.py")]
    aliases = {
        f"{file.relative_to(ROOT)}: {name.asname}"
        for file in files
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in node.names
        if name.asname in ALIASES
    }
    assert aliases == set()


def test_modules() -> None:
    """No module has its old name."""
    assert {file: new for file, new in MODULES.items() if (ROOT / file).exists()} == {}


def test_keys_of_scenarios() -> None:
    """No step, and no key of one, has an old name."""
    keys = {*TOP, *COMMON, *(kind.name for kind in KINDS), *(key for kind in KINDS for key in kind.keys)}
    assert len(keys) > 40
    assert keys & KEYS.keys() == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_documents(page: Path) -> None:
    """No document uses an old word, command or key; CHANGELOG.md alone lists them."""
    text = page.read_text()
    assert {word: new for word, new in TEXTS.items() if word in text} == {}


@pytest.mark.parametrize("file", [*(ROOT / "stacks").rglob("*.yaml")], ids=lambda file: file.name)
def test_bundled_files(file: Path) -> None:
    """No bundled stack, scenario or profile uses an old key."""
    text = file.read_text()
    assert [key for key in KEYS if re.search(rf"(?m)(^\s*(- )?|[{{,]\s*){key}:", text)] == []


def test_the_glossary_has_the_new_words() -> None:
    """Every word that a reader meets in the code is explained in one place."""
    glossary = (ROOT / "docs" / "architecture.md").read_text().partition("## Glossary")[2]
    terms = {term.strip(" `") for row in re.findall(r"(?m)^\| ([^|]+) \|", glossary) for term in row.split(",")}
    needed = {
        *("stats", "traffic", "request", "schedule", "controller", "progress", "conversation", "counters", "pipeline"),
        *("originated", "duplicated", "queued", "bypassed", "replace", "context", "distribution", "action", "firewall"),
        *("control port", "channel", "artifact", "options"),
    }
    assert needed - terms == set()
