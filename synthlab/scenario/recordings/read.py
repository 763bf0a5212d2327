"""Reads a recording from a file, whose format is found from its content."""

from __future__ import annotations

from pathlib import Path
from stat import S_ISREG

from syntheticnet.conditions import ConditionsError

from ...errors import WrongUse
from ...text.text_file import MB, written_size
from .packets import MAGICS, read_packets
from .recording import LinkRecording
from .tables import read_json, read_lines, read_table

MOST_TEXT, MOST_PACKETS = 64 * MB, 512 * MB
FORMATS = "a Mahimahi or delay trace, a CSV table, a JSON list, irtt's JSON, pcap, or pcapng"


def read_recording(path: Path, direction: str | None = None) -> LinkRecording:
    """One direction of a file's recording; raises WrongUse: file, line, what, what is allowed.

    `direction` is ingress or egress; None suits files that have only one.
    """
    try:
        return _read(path, direction)
    except (ValueError, ConditionsError) as error:
        raise WrongUse(f"{path}: {error}") from None
    except OSError as error:
        raise WrongUse(f"{path}: {error.strerror}") from None


def _read(path: Path, direction: str | None) -> LinkRecording:
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
        content = file.read()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        what = f"byte {error.start + 1} is not UTF-8 text, and these are no packets"
        raise ValueError(f"{what}; allowed: {FORMATS}") from None
    return _read_text(text, content, direction)


def _read_text(text: str, content: bytes, direction: str | None) -> LinkRecording:
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
