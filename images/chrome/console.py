"""Console output and uncaught exceptions of all pages: counted, and queued for the API."""

import json
from collections import deque
from collections.abc import Iterable
from typing import Any

from .devtools import DevToolsEvent, Message

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

ConsoleEntry = dict[str, Any]


class BrowserConsole:
    """Entries of all pages and frames, closed ones included.

    Errors and chatter have separate queues, so that a page that logs a lot cannot displace an error.
    """

    def __init__(self) -> None:
        self.counts = dict.fromkeys(COUNTS, 0)
        """Console `errors` and `warnings`, uncaught `exceptions`, and `failures` reported by the browser."""
        self._errors: deque[ConsoleEntry] = deque(maxlen=MOST_KEPT)
        self._others: deque[ConsoleEntry] = deque(maxlen=MOST_KEPT)
        self._lost = 0

    def hear(self, event: DevToolsEvent) -> None:
        match event:
            case (_, "Runtime.consoleAPICalled", params) if params["type"] not in _SILENT:
                text = " ".join(map(_formatted, params["args"]))
                self._keep(params["timestamp"], params["type"], text, _top(params.get("stackTrace")))
            case (_, "Runtime.exceptionThrown", {"timestamp": at, "exceptionDetails": details}):
                self._keep(at, "exception", _exception_text(details), _place(details))
            case (_, "Log.entryAdded", {"entry": entry}) if entry["level"] in ("error", "warning"):
                kind = "failure" if entry["level"] == "error" else "warning"
                self._keep(entry["timestamp"], kind, entry["text"], _place(entry))

    def taken(self) -> tuple[list[ConsoleEntry], int]:
        """The entries since the last call, by time, and how many were dropped because the queue was full."""
        entries, lost = [*self._errors, *self._others], self._lost
        self._errors.clear()
        self._others.clear()
        self._lost = 0
        return sorted(entries, key=lambda entry: entry["time_s"]), lost

    def _keep(self, at_ms: float, kind: str, text: str, where: str) -> None:
        kept = self._others
        if counted := _COUNTED.get(kind):
            self.counts[counted] += 1
            kept = self._errors
        self._lost += len(kept) == MOST_KEPT
        entry = {"time_s": at_ms / 1000, "kind": kind, "text": text[:MOST_TEXT], "where": where[:MOST_TEXT]}
        kept.append(entry)


def _formatted(argument: Message) -> str:
    """A value as the console shows it; of an object only the members in its preview."""
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
    members = [f"{item.get('value', item['type'])}" if is_list else _member(item) for item in preview["properties"]]
    text = ", ".join([*members, *(["…"] if preview["overflow"] else [])])
    return f"[{text}]" if is_list else f"{{{text}}}"


def _member(item: Message) -> str:
    return f"{item['name']}: {item.get('value', item['type'])}"


def _exception_text(details: Message) -> str:
    """The message, with the stack if an Error was thrown."""
    exception = details.get("exception")
    return f"{details['text']} {_formatted(exception)}" if exception else str(details["text"])


def _top(stack: Message | None) -> str:
    frames: Iterable[Message] = (stack or {}).get("callFrames", ())
    return next((_place(frame) for frame in frames), "")


def _place(entry: Message) -> str:
    """URL:line:column, counted from 1 (the protocol counts from 0)."""
    if not entry.get("url"):
        return ""
    numbers = [entry[key] + 1 for key in ("lineNumber", "columnNumber") if key in entry]
    return ":".join(map(str, (entry["url"], *numbers)))
