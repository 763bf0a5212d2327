"""Where the API's wishes meet the agenda and the files: checked, put in force, and kept for the next forwarder."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import SystemRandom
from typing import Any, Protocol

from .agenda import Agenda, Names, Sowing, Wish
from .conditions import Conditions, ConditionsError
from .files import Files, named_files
from .store import Store


class Network(Protocol):
    """What the desk rules over."""

    def adopt(self, conditions: Conditions, names: Names, sowing: Sowing, now: int) -> None:
        """Put conditions in force at once; `names` are the addresses of the hosts that flows name.

        With another `sowing` than before all draws begin anew.
        """

    def report(self, now: int) -> dict[str, Any]:
        """What it has counted."""
        ...


def drawn_agenda(startup: Conditions) -> Agenda:
    """The agenda that a container starts with; its seed is drawn here, once."""
    return Agenda(startup, drawn=SystemRandom().getrandbits(32))


class Desk:
    """Answers what the API asks of conditions and files.

    It takes up what the stores hold: a forwarder that was restarted goes on where the one before it ended.
    """

    def __init__(self, kept: Store, texts: Store, files: Files, network: Network, now: int) -> None:
        self._kept = kept
        self._texts = texts
        self._files = files
        self._network = network
        for name, text in (texts.load() or {}).items():
            files.put(name, text)
        saved = kept.load()
        self._agenda = (Agenda.from_dict(saved) if saved else drawn_agenda(Conditions())).due(now)
        network.adopt(*_in_force(self._agenda), now)
        self._operations: Mapping[str, Callable[[Mapping[str, Any], int], dict[str, Any]]] = {
            "report": self._report,
            "change": self._change,
            "replace": self._change,
            "renew": self._renew,
            "release": self._release,
            "files": self._list_files,
            "file": self._read_file,
            "put_file": self._put_file,
            "remove_file": self._remove_file,
        }

    def deadline(self) -> int | None:
        return self._agenda.deadline

    def due(self, now: int) -> None:
        """Do what is due by `now`."""
        self._put(self._agenda.due(now), now)

    def answer(self, request: Mapping[str, Any], now: int) -> dict[str, Any]:
        """Do what is asked, and say what came of it; raises ValueError that reads as one line, and changes nothing."""
        self.due(now)
        return self._operations[request["op"]](request, now)

    def _report(self, request: Mapping[str, Any], now: int) -> dict[str, Any]:
        return self._agenda.report(now) | {"monotonic_ns": now} | self._network.report(now)

    def _change(self, request: Mapping[str, Any], now: int) -> dict[str, Any]:
        """`change` or `replace`; with `check` only what it would come to."""
        wish = Wish(
            change=request["change"],
            whole=request["op"] == "replace",
            keep=request.get("keep", False),
            names=request.get("names", {}),
        )
        at_ns, lease_ns = request.get("at_ns"), request.get("lease_ns")
        agenda, entry = self._agenda.ask(wish, now, at_ns, lease_ns)
        preview = agenda if entry.at_ns <= now else self._agenda.preview(wish, lease_ns is not None)
        for conditions in (preview.base, preview.conditions):
            self._files.check(conditions)
        if request.get("check"):
            return {"conditions": preview.conditions.to_dict(), "monotonic_ns": now}
        self._put(agenda.due(now), now)
        report = self._report(request, now)
        if at_ns is None and lease_ns is None:
            return report
        late = {"late_ns": now - entry.at_ns} if entry.at_ns < now else {}
        return report | {"entry": entry.told(now) | late}

    def _renew(self, request: Mapping[str, Any], now: int) -> dict[str, Any]:
        self._put(self._agenda.renew(request["lease"], request["lease_ns"], now), now)
        return self._report(request, now)

    def _release(self, request: Mapping[str, Any], now: int) -> dict[str, Any]:
        self._put(self._agenda.release(request["lease"], now), now)
        return self._report(request, now)

    def _list_files(self, request: Mapping[str, Any], now: int) -> dict[str, Any]:
        return {"files": [{"name": name, "bytes": size} for name, size in self._files.sizes().items()]}

    def _read_file(self, request: Mapping[str, Any], now: int) -> dict[str, Any]:
        return {"text": self._files.text(request["name"])}

    def _put_file(self, request: Mapping[str, Any], now: int) -> dict[str, Any]:
        name, text = request["name"], request["text"]
        if self._files.texts().get(name) != text:
            self._refuse_used(name, "give the new one another name")
            self._files.put(name, text)
            self._texts.save(self._files.texts())
        return self._list_files(request, now)

    def _remove_file(self, request: Mapping[str, Any], now: int) -> dict[str, Any]:
        name = request["name"]
        self._files.text(name)
        self._refuse_used(name, "clear that first")
        self._files.remove(name)
        self._texts.save(self._files.texts())
        return self._list_files(request, now)

    def _refuse_used(self, name: str, way_out: str) -> None:
        """What is in force or will be must find its files."""
        agenda = self._agenda
        users = {"the conditions": named_files(agenda.base.to_dict())}
        users |= {f"lease {entry.id}": named_files(entry.wish.change) for entry in agenda.leases}
        users |= {f"scheduled change {entry.id}": named_files(entry.wish.change) for entry in agenda.scheduled}
        using = [user for user, names in users.items() if name in names]
        if using:
            raise ConditionsError(f"is in use by {', '.join(using)}: {way_out}", name)

    def _put(self, agenda: Agenda, now: int) -> None:
        """Put another state of the agenda in force, and keep it."""
        present = self._agenda
        if agenda is present:
            return
        if _in_force(agenda) != _in_force(present):
            self._network.adopt(*_in_force(agenda), now)
        self._agenda = agenda
        self._kept.save(agenda.to_dict())


def _in_force(agenda: Agenda) -> tuple[Conditions, Names, Sowing]:
    return agenda.conditions, agenda.addresses, agenda.sowing
