"""Measure the forwarder against a kernel bridge. Status 0: all goals met; 1: a goal missed; 3: could not run."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NoReturn

from . import machine, show
from .catalogue import ALONE, chosen, kinds_of, usual_runs
from .errors import CannotRun
from .lab_bed import LabBed
from .measurements import InLab, Measurement
from .other_checkout import OtherCheckout
from .session import Bed, Record, measure
from .testbed import Kind, Testbed

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
            return _profile(measurements, options)
        return _bench(measurements, options)
    except CannotRun as error:
        show.error(str(error))
        return BROKEN
    except KeyboardInterrupt:
        return INTERRUPTED


def _bench(measurements: Sequence[Measurement[Any]], options: argparse.Namespace) -> int:
    facts, ticks, start = machine.facts(options.python), machine.ticks(), time.monotonic()
    if facts["busy_before"] > QUIET:
        show.note(f"other programs use {facts['busy_before']:.0%} of the CPUs: the figures will be less accurate")
    records = _measured(measurements, options)
    facts |= {"stolen_share": machine.stolen_share(ticks, machine.ticks()), "seconds": time.monotonic() - start}
    missed = [label for record in records for label in record.missed()]
    show.table(records, facts)
    _save(options.json, {"machine": facts, "met": not missed, "missed": missed, **_by_name(records)})
    _draw(records, options.picture)
    show.verdict(missed)
    return MISSED if missed else MET


def _measured(measurements: Sequence[Measurement[Any]], options: argparse.Namespace) -> list[Record]:
    compares = options.beside is not None
    plans = [(one, kinds_of(one, compares), options.runs or usual_runs(one)) for one in measurements]
    with show.progress(sum(len(kinds) * times for _, kinds, times in plans)) as progress:
        return [_record(one, kinds, times, progress, options) for one, kinds, times in plans]


def _record(
    measurement: Measurement[Any],
    kinds: Sequence[Kind],
    runs: int,
    progress: Callable[[str], None],
    options: argparse.Namespace,
) -> Record:
    with ExitStack() as cleanup:
        bed: Bed
        if isinstance(measurement, InLab):
            bed = LabBed(cleanup, measurement.stack, options.beside)
        else:
            bed = Testbed(cleanup, before=options.beside, python=options.python)
        return measure(bed, measurement, kinds, runs, progress)


def _profile(measurements: Sequence[Measurement[Any]], options: argparse.Namespace) -> int:
    """Profile the forwarder in each measurement outside labs and show where it spends its CPU time."""
    outside = [one for one in measurements if not isinstance(one, InLab)]
    if not outside:
        raise CannotRun("forwarders in labs cannot be profiled: choose another measurement")
    for one in outside:
        with TemporaryDirectory() as folder:
            samples = Path(folder) / "samples.json"
            show.note(one.name)
            with ExitStack() as cleanup:
                bed = Testbed(cleanup, samples, python=options.python)
                record = measure(bed, one, ALONE, options.runs or 1, _silent)
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
        show.note(f"picture: {file}")


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument(
        "--only", metavar="NAME", action="append", default=[], help="one measurement or group, such as tcp/up or delay"
    )
    parser.add_argument(
        "--runs",
        metavar="N",
        type=_positive,
        help="runs per measurement; default 9 of TCP and floods, else 5; profiled 1",
    )
    parser.add_argument(
        "--beside",
        metavar="PATH",
        type=_checkout,
        help="another checkout, whose forwarder runs in turn with this one's",
    )
    parser.add_argument(
        "--python",
        metavar="PATH",
        type=_interpreter,
        default=sys.executable,
        help="the Python that runs forwarders and bare loop, but for the rows memory, call and crowd",
    )
    parser.add_argument("--json", metavar="PATH", type=Path, default=FOLDER / "bench.json")
    parser.add_argument("--picture", metavar="PATH", type=Path, default=FOLDER / "bench.png")
    parser.add_argument("--profile", action="store_true", help="profile the forwarder and show where its CPU time goes")
    options = parser.parse_args(arguments)
    if options.beside and options.profile:
        parser.error("--beside does not go with --profile, which runs one forwarder")
    return options


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number


def _interpreter(text: str) -> str:
    try:
        machine.python_version(text)
    except (OSError, subprocess.SubprocessError) as error:
        raise argparse.ArgumentTypeError(f"{text} is no Python: {error}") from None
    return text


def _checkout(text: str) -> OtherCheckout:
    try:
        return OtherCheckout.at(Path(text))
    except CannotRun as error:
        raise argparse.ArgumentTypeError(str(error)) from None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
