"""Endless or exploding input files: each is rejected in one line, with little time and memory."""

from __future__ import annotations

import contextlib
import json
import os
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import replace
from functools import reduce
from operator import getitem
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synthlab.errors import WrongUse
from synthlab.report import read_results, report_page, results_text
from synthlab.report.junit import junit_text
from synthlab.scenario import check_scenario
from synthlab.scenario.csvtrace import read_csv
from synthlab.stack import read_stack
from synthlab.stack.compose_source import ComposeInput, read_compose
from synthlab.stack.yaml import read_yaml
from synthlab.text.text_file import read_text_file

from .report import records

pytestmark = pytest.mark.issue(10)

MOST_CPU_S = 2.0
MOST_MEMORY = 200 << 20
CLIENTS = "clients: {a: {image: syntheticnet}}\n"


def bomb(head: str) -> str:
    """Nine aliases of nine aliases, ten times: 9^10 values."""
    lines = ["x-bomb:", "  a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"  a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 10)]
    return "\n".join([head, *lines, ""])


def merges() -> str:
    """The same with merged mappings."""
    lines = [f"  a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 9)}]}}" for n in range(1, 10)]
    return "\n".join(["x-bomb:", "  a0: &a0 {b: 1}", *lines, CLIENTS])


def many(count: int) -> str:
    return "clients:\n" + "".join(f"  c{n}: {{image: a}}\n" for n in range(count))


STEPS = "stack: call.yaml\nsteps: [{wait: 1s}]\n"
STACKS = {
    "deep": (f"x-deep: {'[' * 5000}{']' * 5000}\n{CLIENTS}", "is nested too deeply: at most 50 levels are allowed"),
    "deep blocks": (f"x-deep:\n {'- ' * 5000}a\n{CLIENTS}", "is nested too deeply: at most 50 levels are allowed"),
    "bomb": (bomb(CLIENTS), "expands to too many values through aliases: at most 20000 are allowed"),
    "merges": (merges(), "expands to too many values through aliases: at most 20000 are allowed"),
    "20,000 clients": (many(20_000), "cannot be read: is 409 kB; at most 256 kB is allowed"),
    "600 clients": (many(600), "exceeds the limit of 500 clients"),
    "deep and long": (f"x-deep: {'[a, ' * 5000}\n{CLIENTS}", "is nested too deeply: at most 50 levels are allowed"),
    "itself": (f"x-a: &a {{<<: *a}}\n{CLIENTS}", "contains itself"),
    "long": (f"x-a: {'x' * 10_000_000}\n{CLIENTS}", "cannot be read: is 9.537 MB; at most 256 kB is allowed"),
}
TOO_MANY = many(12_000), "has too many values: at most 20000 keys and values are allowed"
SCENARIOS = {
    "deep": (f"x-deep: {'[' * 5000}{']' * 5000}\n{STEPS}", "is nested too deeply: at most 50 levels are allowed"),
    "bomb": (bomb(STEPS), "expands to too many values through aliases: at most 20000 are allowed"),
    "long": (f"{STEPS}# {'x' * 10_000_000}\n", "cannot be read: is 9.537 MB; at most 256 kB is allowed"),
}


def checked(folder: Path, *arguments: str) -> tuple[int, str, float]:
    """Status, error output and CPU time (s) of a command with a memory limit.

    Starting alone takes a third of a second of it.
    """

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_DATA, (MOST_MEMORY, MOST_MEMORY))
        resource.setrlimit(resource.RLIMIT_CPU, (30, 30))

    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [str(Path(sys.executable).with_name("synthlab")), *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, preexec_fn=limit, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return done.returncode, done.stderr, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


@pytest.mark.parametrize("name", ["deep", "bomb", pytest.param("20,000 clients", marks=pytest.mark.soak)])
def test_time_and_memory(name: str, tmp_path: Path) -> None:
    """The worst of them are rejected as wrong use in one line, within one second and 200 MB."""
    text, expected = STACKS[name]
    (tmp_path / "some.yaml").write_text(text)
    status, line, took_s = checked(tmp_path, "render", "some.yaml")
    assert expected in line
    assert (status, line.count("\n")) == (2, 1)
    assert took_s < MOST_CPU_S


@pytest.mark.parametrize("name", [*STACKS, pytest.param("12,000 clients", marks=pytest.mark.soak)])
def test_stacks(name: str, tmp_path: Path) -> None:
    """A stack file that is too deep, too large or expands too far is rejected with the file's name."""
    text, expected = STACKS.get(name, TOO_MANY)
    (tmp_path / "some.yaml").write_text(text)
    with pytest.raises(WrongUse) as caught:
        read_stack(str(tmp_path / "some.yaml"))
    assert "some.yaml" in caught.value.message
    assert expected in caught.value.message


@pytest.mark.parametrize("name", SCENARIOS)
def test_scenarios(name: str, tmp_path: Path) -> None:
    """So is a scenario."""
    text, expected = SCENARIOS[name]
    (tmp_path / "some.yaml").write_text(text)
    with pytest.raises(WrongUse, match=expected):
        check_scenario(str(tmp_path / "some.yaml"))


@pytest.mark.parametrize("text", [bomb("services: {sfu: {image: a}}"), f"x-deep: {'[' * 5000}"])
def test_compose_files(text: str, tmp_path: Path) -> None:
    """So is a Compose file, before Compose reads it."""
    (tmp_path / "compose.yaml").write_text(text)
    with pytest.raises(WrongUse, match=r"compose\.yaml.*allowed"):
        read_compose(ComposeInput(files=(tmp_path / "compose.yaml",)), {}, lambda *_: pytest.fail("Compose was asked"))


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 100_000, "1" * 10_000, '{"version": 1, "records": [[]]}'])
def test_results(text: str) -> None:
    """Deeply nested results and other JSON are rejected."""
    with pytest.raises(WrongUse, match=r"\Aresults.json: not a file written by"):
        read_results(text, "results.json")


def test_a_cell_without_end() -> None:
    """A table with a cell too large for the CSV reader is rejected with its line."""
    with pytest.raises(ValueError, match=r"\Aline 2: field larger"):
        read_csv(f"time,egress.rate\n{'1' * 200_000},1mbit\n")


def device(_: Path) -> Path:
    return Path("/dev/zero")


def pipe(folder: Path) -> Path:
    os.mkfifo(folder / "pipe")
    return folder / "pipe"


def binary(folder: Path) -> Path:
    (folder / "binary").write_bytes(b"ab\xff")
    return folder / "binary"


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (device, "is not a regular file"),
        (pipe, "is not a regular file"),
        (lambda folder: folder, "is a folder"),
        (lambda folder: folder / "none", "No such file or directory"),
        (lambda folder: folder / "a\0b", "embedded null byte"),
        (binary, "is not UTF-8 text: byte 3"),
    ],
)
def test_what_is_no_file(make: Callable[[Path], Path], expected: str, tmp_path: Path) -> None:
    """Devices and pipes, which may be endless, are rejected without opening; so are folders and binary files."""
    with pytest.raises(ValueError, match=expected):
        read_text_file(make(tmp_path), 100)


@settings(deadline=None, derandomize=True, max_examples=150)
@given(st.text(st.sampled_from("ab:-[]{},&*!|>%?#'\"\n\t <~0\0\ud800"), max_size=30))
def test_any_yaml(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    """Any file content is read or rejected in one line."""
    file = tmp_path_factory.getbasetemp() / "any.yaml"
    file.write_text(text, errors="surrogatepass")
    with contextlib.suppress(WrongUse):
        read_yaml(file, "any.yaml", {})


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The paths of all nested values; of lists the first two."""
    yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value[:2]) if isinstance(value, list) else ()
    for key, one in inner:
        yield from places(one, (*path, key))


@pytest.mark.parametrize("wrong", [None, "x", 5, [], {"a": 1}, [None]], ids=repr)
@pytest.mark.parametrize("page", [False, pytest.param(True, marks=pytest.mark.soak)])
def test_results_of_another_shape(wrong: Any, page: bool) -> None:
    """With any value of results replaced by anything, they are rejected or can be reported."""
    record = records.failed()
    few = dict(list(record.samples.items())[:2])
    document = json.loads(results_text([replace(record, samples=few)]))
    refused = 0
    for *path, last in [path for path in places(document) if path]:
        mistaken = deepcopy(document)
        reduce(getitem, path, mistaken)[last] = wrong
        try:
            read = read_results(json.dumps(mistaken), "results.json")
        except WrongUse:
            refused += 1
            continue
        junit_text(read)
        if page:
            report_page(read)
    assert refused > 50
