"""Runs a forwarder with the code of the checkout in PYTHONPATH, which may be another.

`python -P guest.py PYTHON NAMESPACE` prints its process id, then answers requests, one JSON object a line. What it uses
of a checkout is only how `Testbed` starts a forwarder and asks it.
"""

from __future__ import annotations

import json
import sys
from contextlib import ExitStack

from benchmarks.middle import die_with_parent
from benchmarks.testbed import Testbed


class Guest(Testbed):
    """A testbed in a namespace that somebody else has made."""

    def __init__(self, cleanup: ExitStack, namespace: str) -> None:
        self._names = {"forwarder": namespace}
        self._samples = None
        self._python = sys.executable
        self._other = None
        self._middle = cleanup.enter_context(ExitStack())
        self._put_forwarder()


def main(python: str, namespace: str) -> None:
    die_with_parent()
    sys.executable = python  # what a testbed runs forwarders with, where it has no parameter for it
    with ExitStack() as cleanup:
        guest = Guest(cleanup, namespace)
        print(json.dumps({"pid": guest.pid}), flush=True)
        for line in sys.stdin:
            print(json.dumps(_answer(guest, line)), flush=True)


def _answer(guest: Guest, line: str) -> dict[str, object]:
    request = json.loads(line)
    try:
        return guest.ask(request.pop("op"), **request)
    except Exception as error:  # of classes that differ between checkouts
        return {"error": f"{type(error).__name__}: {error}"}


if __name__ == "__main__":
    main(*sys.argv[1:])
