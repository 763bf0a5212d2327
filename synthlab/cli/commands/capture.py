"""`capture`: writes a client's packets on both sides of its conditions to a file."""

from __future__ import annotations

import contextlib
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO

import typer

from ...control.backend import Backend
from ...errors import SynthlabError, WrongUse
from ...interrupts import ENDING
from ...stack.durations import read_duration
from ...text.durations import seconds_of
from .. import console
from .options import ClientArgument, LabOption
from .outputs import refuse_output

if TYPE_CHECKING:
    from ...runner.evidence.live_capture import Blocks, LiveCapture

SNAPLEN, LEAST, FULL = "192", 64, 262_144
PROGRESS_S = 1.0

OutputOption = Annotated[
    str, typer.Option("--output", "-o", metavar="FILE", help="The pcapng file to write; - for standard output.")
]
ForOption = Annotated[str | None, typer.Option("--for", metavar="10s", help="Stop after this time; else at Ctrl-C.")]
SnaplenOption = Annotated[
    str, typer.Option("--snaplen", metavar="BYTES", help="Bytes kept of each frame: 64 or more, or `full`.")
]


def capture(
    context: typer.Context,
    client: ClientArgument,
    output: OutputOption,
    for_: ForOption = None,
    snaplen: SnaplenOption = SNAPLEN,
    lab: LabOption = None,
) -> None:
    """Capture packets on both sides of a client's conditions.

    The two sides are two interfaces of one pcapng file: "application side" is what the application sends and receives,
    "network side" is what is on the wire.

    \b
    Examples:
      synthlab capture client1 -o client1.pcapng
      synthlab capture client2 -o call.pcapng --for 10s --snaplen full
      synthlab capture client1 -o - | wireshark -k -i -
    """
    from ...control.container_lookup import captured_network_of
    from ...runner.evidence.live_capture import LiveCapture

    if output != "-":
        refuse_output("-o", Path(output))
    backend: Backend = context.obj
    size, for_ns = _size(snaplen), None if for_ is None else read_duration("--for", for_)
    if output == "-" and sys.stdout.isatty():
        raise WrongUse("-o -: is a terminal; pipe into a program: `synthlab capture client1 -o - | wireshark -k -i -`")
    container = captured_network_of(*backend.members(lab), client)
    capture = LiveCapture(backend.engine, container, client, size)
    with _opened(output) as file, contextlib.closing(capture) as running:
        with _ended_by_signals(running.stop), console.progress() as progress:
            took = _copy(running, file, for_ns, progress if sys.stderr.isatty() else lambda text: None)
        console.print_note(f"{took:.1f} s: {_counted(running.counts)}")


def _copy(running: LiveCapture, file: BinaryIO, for_ns: int | None, progress: Callable[[str], None]) -> float:
    """Write packets until the capture ends; returns its duration in seconds."""
    progress("starting the capture")
    start: float | None = None
    last = 0.0
    for blocks in running.blocks():
        now = time.monotonic()
        # Time counts from the first packets: the capture takes a while to start in the container.
        if start is None:
            start = now
            _stop_after(for_ns, running)
        _append(file, blocks)
        if now > last + PROGRESS_S:
            last = now
            progress(f"{_counted(running.counts)} (Ctrl-C to stop)")
    return time.monotonic() - (start or time.monotonic())


def _append(file: BinaryIO, blocks: bytes) -> None:
    """Write blocks completely or not at all, so that the file stays readable. Raises OSError."""
    end = file.tell() if file.seekable() else 0
    try:
        rest = memoryview(blocks)
        while rest:
            rest = rest[file.write(rest) :]
        file.flush()
    except OSError:
        if file.seekable():
            file.truncate(end)
        raise


def _stop_after(for_ns: int | None, running: LiveCapture) -> None:
    if for_ns is not None:
        timer = threading.Timer(seconds_of(for_ns), running.stop)
        timer.daemon = True
        timer.start()


@contextlib.contextmanager
def _ended_by_signals(stop: Callable[[], None]) -> Iterator[None]:
    """End the capture on the first Ctrl-C (or SIGTERM, SIGHUP), so that the file is complete; exit on the second."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, *ENDING)}

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    def on_signal(_number: int, _frame: object) -> None:
        restore()
        stop()

    for number in before:
        signal.signal(number, on_signal)
    try:
        yield
    finally:
        restore()


@contextlib.contextmanager
def _opened(output: str) -> Iterator[BinaryIO]:
    if output == "-":
        yield sys.stdout.buffer
        return
    try:
        # Unbuffered, so that a write that fails leaves nothing behind to be written later.
        with Path(output).open("wb", buffering=0) as file:
            yield file
    except OSError as error:
        raise SynthlabError(f"{output}: cannot be written: {error.strerror}") from None


def _counted(counts: Blocks) -> str:
    sides = f"{counts.packets[0]} packets on the application side, {counts.packets[1]} on the network side"
    return f"{sides}, {counts.dropped} missed" if counts.dropped else sides


def _size(text: str) -> int:
    if text == "full":
        return FULL
    if not text.isdecimal() or not LEAST <= int(text) <= FULL:
        raise WrongUse(f"--snaplen: {text!r} is not `full` or a number from {LEAST} to {FULL}")
    return int(text)
