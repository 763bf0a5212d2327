"""What the pages write to their console, and their uncaught exceptions: counted, and kept until it is handed on."""

import json
from collections import deque
from collections.abc import Iterable
from typing import Any

from .devtools import Event, Message

MOST_KEPT = 200
MOST_TEXT = 2000

COUNTS = ("errors", "warnings", "exceptions", "failures")
_COUNTED = {
    "error": "errors",
    "assert": "errors",
    "warning": "warnings",
    "exception": "exceptions",
    "failure": "failures",
}
_SILENT = frozenset({"clear", "endGroup", "profile", "profileEnd"})

Entry = dict[str, Any]


class Console:
    """All pages and frames of the browser together, whatever becomes of them. Chatter never displaces an error."""

    def __init__(self) -> None:
        self.counts = dict.fromkeys(COUNTS, 0)
        """`errors` and `warnings` of console, uncaught `exceptions`, and `failures` that the browser tells of."""
        self._grave: deque[Entry] = deque(maxlen=MOST_KEPT)
        self._others: deque[Entry] = deque(maxlen=MOST_KEPT)
        self._lost = 0

    def hear(self, event: Event) -> None:
        match event:
            case (_, "Runtime.consoleAPICalled", params) if params["type"] not in _SILENT:
                text = " ".join(map(_written, params["args"]))
                self._keep(params["timestamp"], params["type"], text, _top(params.get("stackTrace")))
            case (_, "Runtime.exceptionThrown", {"timestamp": at, "exceptionDetails": details}):
                self._keep(at, "exception", _thrown(details), _place(details))
            case (_, "Log.entryAdded", {"entry": entry}) if entry["level"] in ("error", "warning"):
                kind = "failure" if entry["level"] == "error" else "warning"
                self._keep(entry["timestamp"], kind, entry["text"], _place(entry))

    def taken(self) -> tuple[list[Entry], int]:
        """What has come since it was last asked for, and how many entries were too many to be kept."""
        entries, lost = [*self._grave, *self._others], self._lost
        self._grave.clear()
        self._others.clear()
        self._lost = 0
        return sorted(entries, key=lambda entry: entry["time_s"]), lost

    def _keep(self, at_ms: float, kind: str, text: str, where: str) -> None:
        kept = self._others
        if counted := _COUNTED.get(kind):
            self.counts[counted] += 1
            kept = self._grave
        self._lost += len(kept) == MOST_KEPT
        entry = {"time_s": at_ms / 1000, "kind": kind, "text": text[:MOST_TEXT], "where": where[:MOST_TEXT]}
        kept.append(entry)


def _written(argument: Message) -> str:
    """A value as the console shows it, in short: of an object its first members."""
    if "preview" in argument:
        return _previewed(argument["preview"])
    if "value" in argument:
        value = argument["value"]
        return value if isinstance(value, str) else json.dumps(value)
    return str(argument.get("unserializableValue") or argument.get("description") or argument["type"])


def _previewed(preview: Message) -> str:
    if preview.get("subtype") == "error":
        return str(preview["description"])
    is_list = preview.get("subtype") == "array"
    members = [f"{one.get('value', one['type'])}" if is_list else _member(one) for one in preview["properties"]]
    written = ", ".join([*members, *(["…"] if preview["overflow"] else [])])
    return f"[{written}]" if is_list else f"{{{written}}}"


def _member(one: Message) -> str:
    return f"{one['name']}: {one.get('value', one['type'])}"


def _thrown(details: Message) -> str:
    """The error with its stack, where it is one."""
    exception = details.get("exception")
    return f"{details['text']} {_written(exception)}" if exception else str(details["text"])


def _top(stack: Message | None) -> str:
    frames: Iterable[Message] = (stack or {}).get("callFrames", ())
    return next((_place(frame) for frame in frames), "")


def _place(entry: Message) -> str:
    """Where it came from; lines and columns are counted from 1."""
    if not entry.get("url"):
        return ""
    numbers = [entry[key] + 1 for key in ("lineNumber", "columnNumber") if key in entry]
    return ":".join(map(str, (entry["url"], *numbers)))
