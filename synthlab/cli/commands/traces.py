"""`trace`: imports recordings of links and calls from other tools' files, and shows what a recording holds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from syntheticnet.conditions import DIRECTIONS

from ...errors import WrongUse
from ...text.durations import format_seconds
from ...text.quantities import counted
from .. import console
from ..console import Table
from ..sparkline import sparkline
from .options import JsonOption
from .outputs import refuse_output, write_file

if TYPE_CHECKING:
    from ...scenario.recordings import CallRecording, LinkRecording, StepSeries

BARS = 60
_SCENARIO = "scenario"
_FORM_OF = {".csv": "csv", ".delay": "delay", ".yaml": _SCENARIO, ".yml": _SCENARIO}

_UNITS = {"rate": (1e-6, "Mbit/s"), "delay": (1.0, "ms"), "loss": (100.0, "%")}

trace = typer.Typer(help="Import recordings of links, and show them.")

FileArgument = Annotated[
    Path,
    typer.Argument(
        metavar="FILE",
        help="A Mahimahi or delay trace, a CSV table, a JSON list of [seconds, rate], irtt's JSON, pcap, pcapng, or a "
        "dump of webrtc-internals or rtcstats.",
        exists=False,
    ),
]
DirectionOption = Annotated[
    str | None,
    typer.Option(
        "--direction",
        metavar="|".join(DIRECTIONS),
        help="Of a file with both: toward the client, or away from it.",
        autocompletion=lambda incomplete: [name for name in DIRECTIONS if name.startswith(incomplete)],
    ),
]
AsOption = Annotated[
    str | None,
    typer.Option(
        "--as",
        metavar="rate|delay|csv|scenario",
        help="What to write: a rate trace, a delay trace, a CSV table, or of a dump a scenario. By default what the "
        "name of the output says: .csv, .delay, .yaml, or else a rate trace if there is a rate.",
        autocompletion=lambda incomplete: [
            name for name in ("rate", "delay", "csv", _SCENARIO) if name.startswith(incomplete)
        ],
    ),
]
TraceOption = Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="The trace or scenario to write.")]
PictureOption = Annotated[Path | None, typer.Option("--output", "-o", metavar="FILE.svg", help="Draw it, as SVG.")]


@trace.command("import")
def import_(
    file: FileArgument,
    output: TraceOption,
    as_: AsOption = None,
    direction: DirectionOption = None,
    json: JsonOption = False,
) -> None:
    """Turn a recording into a trace.

    `set`, stacks and scenarios use what is written. The format of FILE is found from its content. Of packets the rate
    is counted per 100 ms, or more if they are few; a file of `synthlab capture` also has the delay between both sides.
    Of a browser's dump of a call (chrome://webrtc-internals, rtcstats) -o NAME.yaml writes a scenario that imposes the
    network of the call again, and its table NAME.csv.

    \b
    Examples:
      synthlab trace import capacity.csv --direction ingress -o lte.down
      synthlab trace import ping.json -o office.delay
      synthlab trace import client1.pcapng --direction egress -o call.csv
      synthlab trace import webrtc_internals_dump.gz -o call-again.yaml
    """
    from ...scenario.recordings import FORMS, CallRecording, written_recording

    refuse_output("-o", output)
    _refuse_unknown("--as", as_, (*FORMS, _SCENARIO))
    recording = _read(file, direction)
    if (as_ or _FORM_OF.get(output.suffix)) == _SCENARIO:
        _write_scenario(recording, file, output, direction, json)
        return
    if isinstance(recording, CallRecording):
        raise WrongUse(
            f"{file}: has both directions; choose one with --direction ingress or egress, or write a scenario, whose "
            "name ends in .yaml"
        )
    form = as_ or _FORM_OF.get(output.suffix) or ("rate" if recording.rate else "delay")
    try:
        text = written_recording(recording, form, direction or "both")
    except ValueError as error:
        raise WrongUse(f"{file}: {error}") from None
    write_file("-o", output, text)
    _show(recording, json, {"file": str(output), "form": form, "bytes": len(text)})
    missing = "delay" if form == "rate" and recording.delay else "rate" if form == "delay" and recording.rate else ""
    if missing:
        console.print_note(f"{output} has no {missing}: --as {missing} writes it, --as csv writes both")


@trace.command("show")
def show(
    file: FileArgument,
    output: PictureOption = None,
    direction: DirectionOption = None,
    json: JsonOption = False,
) -> None:
    """Show mean, percentiles and gaps of a recording.

    \b
    Examples:
      synthlab trace show lte.down
      synthlab trace show capacity.csv --direction ingress -o capacity.svg
      synthlab trace show client1.pcapng --direction egress --json
    """
    if output:
        refuse_output("-o", output)
        if output.suffix != ".svg":
            raise WrongUse(f"-o: {output}: is not a picture that can be drawn; name a file that ends in .svg")
    from ...scenario.recordings import CallRecording

    recording = _read(file, direction)
    if isinstance(recording, CallRecording):
        if output:
            raise WrongUse(f"{file}: has both directions; a picture shows one: choose it with --direction")
        _show_call(recording, json, {})
        return
    if output:
        from ...report.recording_picture import recording_svg

        write_file("-o", output, recording_svg(recording, file.name))
    _show(recording, json, {})


def _write_scenario(
    recording: LinkRecording | CallRecording, file: Path, output: Path, direction: str | None, json: bool
) -> None:
    from ...scenario.recordings import CallRecording, scenario_text, table_text

    if direction:
        raise WrongUse("--direction: a scenario has both directions; leave it out")
    if not isinstance(recording, CallRecording):
        raise WrongUse(
            f"{file}: is a {recording.form}; a scenario can be written of a webrtc-internals or rtcstats dump, "
            "any other as rate, delay or csv"
        )
    table = output.with_suffix(".csv")
    refuse_output("-o", table)
    text = scenario_text(recording, file.name, table.name)
    write_file("-o", table, table_text(recording))
    write_file("-o", output, text)
    _show_call(recording, json, {"file": str(output), "table": str(table), "form": _SCENARIO, "bytes": len(text)})


def _read(file: Path, direction: str | None) -> LinkRecording | CallRecording:
    from ...scenario.recordings import read_any

    _refuse_unknown("--direction", direction, DIRECTIONS)
    return read_any(file, direction)


def _refuse_unknown(flag: str, value: str | None, allowed: tuple[str, ...]) -> None:
    if value is not None and value not in allowed:
        raise WrongUse(f"{flag}: {value!r} is not one of {', '.join(allowed)}")


def _show_call(call: CallRecording, json: bool, more: dict[str, Any]) -> None:
    from ...scenario.recordings import summarised

    sides = {
        name: link
        for name, link in (("egress", call.egress), ("ingress", call.ingress))
        if link.rate or link.delay or link.loss
    }
    if json:
        found = {name: summarised(link) for name, link in sides.items()}
        console.print_json({"format": call.form, **found, "gaps": call.gaps, **more, "notes": call.notes})
        return
    rows = [("format", call.form), ("length", format_seconds(call.lasts_s))]
    for name, link in sides.items():
        rows += [(f"{name} {what}" if what else "", text) for what, text in _link_rows(link, summarised(link))]
    rows += [("note", note) for note in call.notes]
    console.print_table(Table(("recording", ""), rows, whole=("",)))


def _show(recording: LinkRecording, json: bool, more: dict[str, Any]) -> None:
    from ...scenario.recordings import summarised

    found = summarised(recording)
    if json:
        console.print_json({**found, **more, "note": recording.note or None})
        return
    rows = [("format", recording.form), ("length", format_seconds(recording.lasts_s)), *_link_rows(recording, found)]
    if recording.note:
        rows.append(("note", recording.note))
    console.print_table(Table(("recording", ""), rows, whole=("",)))


def _link_rows(recording: LinkRecording, found: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for name, series, numbers in (
        ("rate", recording.rate, found["rate_bps"]),
        ("delay", recording.delay, found["delay_ms"]),
        ("loss", recording.loss, found["loss"]),
    ):
        if series:
            yield name, _in_words(name, numbers)
            yield "", _bars(series)
    if gaps := found["gaps"]:
        longest = f", the longest {gaps['longest_s']:g} s, {gaps['total_s']:g} s in all" if gaps["count"] else ""
        yield "gaps", f"{counted(gaps['count'], 'gap')}{longest}" if longest else "none"


def _in_words(name: str, numbers: dict[str, float]) -> str:
    scale, unit = _UNITS[name]
    return ", ".join(f"{key} {value * scale:.4g}" for key, value in numbers.items()) + f" {unit}"


def _bars(series: StepSeries) -> str:
    return sparkline(series.binned(series.lasts_s / BARS).values)
