"""The forwarder of a checkout named with --beside carries packets and takes conditions as ours does."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

from benchmarks import datagram, testbed
from benchmarks.errors import CannotRun, Failed
from benchmarks.measurements.delay import errors_ms
from benchmarks.other_checkout import OtherCheckout
from benchmarks.testbed import ROOT, Kind

pytestmark = [pytest.mark.veth, pytest.mark.issue(16)]


def test_the_other_checkouts_forwarder_imposes_what_it_is_asked_to() -> None:
    """Datagrams take at least the latency, which none of them would without it; a wrong request fails with a reason."""
    with ExitStack() as cleanup:
        bed = testbed.Testbed(cleanup, before=OtherCheckout.at(ROOT))
        kinds: tuple[Kind, ...] = ("before", "forwarder", "before")
        for kind in kinds:
            assert min(delays_ms(bed, kind, {})) < 5
            assert min(delays_ms(bed, kind, {"egress": {"latency": "20ms"}})) >= 20
            assert set(+bed.drops()) <= {"stalled"}
        with pytest.raises(Failed, match=r"the other checkout's forwarder: .*120%"):
            bed.impose({"egress": {"loss": "120%"}})


def test_without_another_checkout_there_is_no_such_forwarder() -> None:
    with ExitStack() as cleanup, pytest.raises(CannotRun, match="name it with --beside"):
        testbed.Testbed(cleanup).put("before")


def test_the_chosen_python_runs_what_is_measured(tmp_path: Path) -> None:
    """Outside the virtual environment: what is measured needs no installed package."""
    python = tmp_path / "python"
    python.symlink_to(Path(sys.executable).resolve())
    with ExitStack() as cleanup:
        bed = testbed.Testbed(cleanup, before=OtherCheckout.at(ROOT), python=str(python))
        kinds: tuple[Kind, ...] = ("floor", "before", "forwarder")
        for kind in kinds:
            bed.put(kind)
            assert Path(f"/proc/{bed.pid}/cmdline").read_bytes().startswith(b"%s\0" % bytes(python)), kind


def delays_ms(bed: testbed.Testbed, kind: Kind, conditions: dict[str, object]) -> list[float]:
    """Of 100 datagrams, at 500 a second; most must arrive: a busy machine may hold some until they are `stalled`."""
    bed.put(kind)
    bed.impose(conditions)
    with datagram.watched(bed, "client") as leaving, datagram.watched(bed, "server") as arriving:
        datagram.send(bed, 100, 500)
        delays = errors_ms(leaving.read(), arriving.read(), 0)
    assert len(delays) > 50
    return delays
