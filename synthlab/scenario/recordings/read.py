"""Reads a recording from a file, whose format is found from its content."""

from __future__ import annotations

import gzip
import json
import zlib
from pathlib import Path
from stat import S_ISREG
from typing import BinaryIO

from syntheticnet.conditions import ConditionsError

from ...errors import WrongUse
from ...text.text_file import MB, written_size
from .call import CallRecording, recorded_call
from .internals import KEY, read_internals
from .packets import MAGICS, read_packets
from .recording import LinkRecording
from .rtcstats import is_rtcstats, read_rtcstats
from .tables import read_json, read_lines, read_table

MOST_TEXT, MOST_PACKETS = 64 * MB, 512 * MB
FORMATS = (
    "a Mahimahi or delay trace, a CSV table, a JSON list, irtt's JSON, pcap, pcapng, or a dump of webrtc-internals or "
    "rtcstats"
)
_GZIP = b"\x1f\x8b"


def read_recording(path: Path, direction: str | None = None) -> LinkRecording:
    """One direction of a file's recording; raises WrongUse: file, line, what, what is allowed.

    `direction` is ingress or egress; None suits files that have only one.
    """
    found = read_any(path, direction)
    if isinstance(found, CallRecording):
        raise WrongUse(f"{path}: has both directions; choose one with --direction ingress or egress")
    return found


def read_any(path: Path, direction: str | None = None) -> LinkRecording | CallRecording:
    """A file's recording, of both directions if it is a dump of a call and none is chosen; raises WrongUse."""
    try:
        found = _read(path, direction)
        return found.direction(direction) if direction and isinstance(found, CallRecording) else found
    except (ValueError, ConditionsError) as error:
        raise WrongUse(f"{path}: {error}") from None
    except OSError as error:
        raise WrongUse(f"{path}: {error.strerror or error}") from None


def _read(path: Path, direction: str | None) -> LinkRecording | CallRecording:
    stat = path.stat()
    if not S_ISREG(stat.st_mode):
        raise ValueError("is not a regular file")
    with path.open("rb") as file:
        is_packets = file.read(4) in MAGICS
        most = MOST_PACKETS if is_packets else MOST_TEXT
        if stat.st_size > most:
            raise ValueError(f"is {written_size(stat.st_size)}; at most {written_size(most)} is allowed")
        file.seek(0)
        if is_packets:
            return read_packets(file, direction)
        content = _content(file)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        what = f"byte {error.start + 1} is not UTF-8 text, and these are no packets"
        raise ValueError(f"{what}; allowed: {FORMATS}") from None
    return _read_text(text, content, direction)


def _content(file: BinaryIO) -> bytes:
    """All of a text file, which may be compressed, as browsers write their dumps; raises ValueError."""
    is_gzip = file.read(2) == _GZIP
    file.seek(0)
    if not is_gzip:
        return file.read()
    try:
        content = gzip.GzipFile(fileobj=file).read(MOST_TEXT + 1)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise ValueError(f"is not whole: cannot be decompressed with gzip: {error}") from None
    if len(content) > MOST_TEXT:
        raise ValueError(f"is more than {written_size(MOST_TEXT)} when decompressed; that much is allowed")
    return content


def _read_text(text: str, content: bytes, direction: str | None) -> LinkRecording | CallRecording:
    if is_rtcstats(text):
        return recorded_call(read_rtcstats(text), "rtcstats dump")
    if f'"{KEY}"' in text and text.lstrip().startswith("{"):
        return recorded_call(read_internals(_object(text)), "webrtc-internals dump")
    lines = (line.partition("#")[0].strip() for line in text.splitlines())
    number, first = next(((number, line) for number, line in enumerate(lines, 1) if line), (1, ""))
    if not first:
        raise ValueError(f"is empty; allowed: {FORMATS}")
    if first[0] in "[{":
        return read_json(text, direction)
    if first.startswith("time"):
        return read_table(text, direction)
    if first[0].isdigit():
        return read_lines(content, len(first.split()))
    raise ValueError(f"line {number}: {first[:40]!r} begins none of the known formats; allowed: {FORMATS}")


def _object(text: str) -> dict[str, object]:
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        raise ValueError(f"line {error.lineno}: is not JSON: {error.msg}; is the file cut off?") from None
    except RecursionError:
        raise ValueError("is nested too deeply; allowed: a dump of webrtc-internals") from None
    if not isinstance(value.get(KEY), dict):
        raise ValueError(f"has no object `{KEY}`; allowed: a dump of webrtc-internals")
    return dict(value)
