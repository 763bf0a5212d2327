"""What a router does with addresses and ports (NAT), as one value.

The kinds of RFC 3489 in the terms of RFC 4787: a cone maps an endpoint to one external port (endpoint-independent
mapping). A full cone lets everybody answer it, a restricted one only addresses that the endpoint has sent to, a
port-restricted one only their ports. A symmetric NAT draws another port for each destination (address- and
port-dependent mapping), and filters like a port-restricted one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from .duration import parse_duration, write_duration
from .errors import ConditionsError, refuse_unknown
from .nearest import nearest
from .units import SWITCH

NatKind = Literal["none", "full-cone", "restricted", "port-restricted", "symmetric"]

NAT_KINDS: tuple[NatKind, ...] = get_args(NatKind)
CONES: tuple[NatKind, ...] = ("full-cone", "restricted", "port-restricted")
TIMED: tuple[NatKind, ...] = (*CONES, "symmetric")
NAT_KEYS = ("kind", "hairpin", "mapping_timeout", "port_preserving")

_SECOND_NS = 10**9
LEAST_TIMEOUT_NS, MOST_TIMEOUT_NS = _SECOND_NS, 3600 * _SECOND_NS
_NEEDS: Mapping[str, tuple[NatKind, ...]] = {"hairpin": CONES, "mapping_timeout": TIMED, "port_preserving": CONES}


@dataclass(frozen=True, slots=True, kw_only=True)
class Nat:
    """`Nat()` translates nothing: packets are routed, and everybody may send to whoever is behind the router.

    `hairpin`: neighbours reach each other at their external ports. `mapping_timeout_ns`: how long an idle mapping of
    UDP lasts; by default the two minutes that RFC 4787 (REQ-5) asks for at least.
    `port_preserving`: the external port is the internal one if no other mapping has it; else it is drawn.
    """

    kind: NatKind = "none"
    hairpin: bool = False
    mapping_timeout_ns: int = 120 * _SECOND_NS
    port_preserving: bool = True

    @classmethod
    def parse(cls, written: object) -> Nat:
        """A kind, or a mapping with a kind and more; None is `none`. Raises ConditionsError."""
        try:
            return cls._of({"kind": written or "none"} if written is None or isinstance(written, str) else written)
        except ConditionsError as error:
            raise error.under("nat") from None

    @classmethod
    def _of(cls, written: object) -> Nat:
        if not isinstance(written, Mapping):
            raise ConditionsError(f"{written!r} is not one of {', '.join(NAT_KINDS)}, or a mapping with a kind")
        refuse_unknown(written, NAT_KEYS)
        if "kind" not in written:
            raise ConditionsError(f"requires kind, one of {', '.join(NAT_KINDS)}")
        kind = _parse_kind(written["kind"])
        _refuse_void(written, kind)
        values: dict[str, Any] = {
            name: _parse_switch(name, written[name]) for name in ("hairpin", "port_preserving") if name in written
        }
        if "mapping_timeout" in written:
            values["mapping_timeout_ns"] = _parse_timeout(written["mapping_timeout"])
        return cls(kind=kind, **values)

    def to_written(self) -> Any:
        """The value as text or JSON, which `parse` reads back: only the kind if all else is default."""
        default = Nat(kind=self.kind)
        more: dict[str, Any] = {}
        if self.hairpin != default.hairpin:
            more["hairpin"] = self.hairpin
        if self.mapping_timeout_ns != default.mapping_timeout_ns:
            more["mapping_timeout"] = write_duration(self.mapping_timeout_ns)
        if self.port_preserving != default.port_preserving:
            more["port_preserving"] = self.port_preserving
        return {"kind": self.kind, **more} if more else self.kind


def _parse_kind(written: object) -> NatKind:
    for kind in NAT_KINDS:
        if written == kind:
            return kind
    meant = nearest(str(written), NAT_KINDS)
    hint = f"; did you mean {meant}?" if meant else ""
    raise ConditionsError(f"{written!r} is not one of {', '.join(NAT_KINDS)}{hint}")


def _refuse_void(written: Mapping[Any, Any], kind: NatKind) -> None:
    for name, kinds in _NEEDS.items():
        if name in written and kind not in kinds:
            raise ConditionsError(f"has no effect on {kind}: it requires {', '.join(kinds)}", name)


def _parse_switch(name: str, written: object) -> bool:
    try:
        return bool(SWITCH.parse(written))
    except ValueError as error:
        raise ConditionsError(str(error), name) from None


def _parse_timeout(written: object) -> int:
    try:
        timeout_ns = parse_duration(written)
    except ConditionsError as error:
        raise error.under("mapping_timeout") from None
    if not LEAST_TIMEOUT_NS <= timeout_ns <= MOST_TIMEOUT_NS or timeout_ns % _SECOND_NS:
        # The kernel counts the life of a mapping in whole seconds.
        raise ConditionsError(f"{written!r} is not a number of whole seconds from 1s to 1h", "mapping_timeout")
    return timeout_ns
