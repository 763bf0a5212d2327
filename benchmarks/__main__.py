"""Measure the forwarder against a kernel bridge. Status 0: all goals met; 1: a goal missed; 3: could not run."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NoReturn

from . import machine, show
from .catalogue import ALONE, chosen
from .errors import CannotRun
from .measurements import Measurement
from .session import Record, measure
from .testbed import Testbed

MET, MISSED, BROKEN, INTERRUPTED = 0, 1, 3, 130
QUIET = 0.1  # CPU share of other programs above which a warning is printed
_ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
FOLDER = Path(".cache/bench")


def main(arguments: Sequence[str]) -> int:
    options = _options(arguments)
    for number in _ENDINGS:
        signal.signal(number, _interrupted)
    try:
        measurements = chosen(options.only)
        _check_needs()
        if options.profile:
            return _profile(measurements, options.runs)
        return _bench(measurements, options)
    except CannotRun as error:
        show.error(str(error))
        return BROKEN
    except KeyboardInterrupt:
        return INTERRUPTED


def _bench(measurements: Sequence[Measurement], options: argparse.Namespace) -> int:
    facts, ticks, start = machine.facts(), machine.ticks(), time.monotonic()
    runs = options.runs or 5
    if facts["busy_before"] > QUIET:
        show.note(f"other programs use {facts['busy_before']:.0%} of the CPUs: the figures will be less accurate")
    records = _measured(measurements, runs)
    facts |= {"stolen_share": machine.stolen_share(ticks, machine.ticks()), "seconds": time.monotonic() - start}
    missed = [label for record in records for label in record.missed()]
    show.table(records, facts, runs)
    _save(options.json, {"machine": facts, "met": not missed, "missed": missed, **_by_name(records)})
    _draw(records, options.picture)
    show.verdict(missed)
    return MISSED if missed else MET


def _measured(measurements: Sequence[Measurement], runs: int) -> list[Record]:
    with ExitStack() as cleanup:
        progress = cleanup.enter_context(show.progress(sum(len(one.kinds) for one in measurements) * runs))
        testbed = Testbed(cleanup)
        return [measure(testbed, one, one.kinds, runs, progress) for one in measurements]


def _profile(measurements: Sequence[Measurement], runs: int | None) -> int:
    """Profile the forwarder in each measurement separately and show where it spends its CPU time."""
    for one in measurements:
        with TemporaryDirectory() as folder:
            samples = Path(folder) / "samples.json"
            show.note(one.name)
            with ExitStack() as cleanup:
                record = measure(Testbed(cleanup, samples), one, ALONE, runs or 1, _silent)
            for failure in record.failures:
                show.error(failure)
            if samples.exists():
                show.profile(samples)
    return MET


def _interrupted(*_: object) -> NoReturn:
    """Clean up on the first signal and ignore any further one: a half-removed testbed leaves namespaces behind."""
    for number in _ENDINGS:
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def _silent(_: str) -> None:
    pass


def _check_needs() -> None:
    if os.geteuid() != 0:
        raise CannotRun("creating network namespaces requires root: run it as root")
    for program, package in (("ip", "iproute2"), ("iperf3", "iperf3")):
        if shutil.which(program) is None:
            raise CannotRun(f"{program} is missing: install {package}, or run `make bench`, which does")


def _by_name(records: Sequence[Record]) -> dict[str, Any]:
    return {"measurements": {record.measurement.name: record.to_dict() for record in records}}


def _save(file: Path, document: dict[str, Any]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(document, indent=2) + "\n")
    show.note(f"values of all runs: {file}")


def _draw(records: Sequence[Record], file: Path) -> None:
    try:
        from . import picture
    except ImportError:
        show.note("no picture: matplotlib is missing; `make bench` installs it")
        return
    if picture.draw(records, file):
        show.note(f"delay error against load: {file}")


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument(
        "--only", metavar="NAME", action="append", default=[], help="one measurement or group, such as tcp/up or delay"
    )
    parser.add_argument("--runs", metavar="N", type=_positive, help="runs per measurement; default 5, with --profile 1")
    parser.add_argument("--json", metavar="PATH", type=Path, default=FOLDER / "bench.json")
    parser.add_argument("--picture", metavar="PATH", type=Path, default=FOLDER / "delay.png")
    parser.add_argument("--profile", action="store_true", help="profile the forwarder and show where its CPU time goes")
    return parser.parse_args(arguments)


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
