"""Messages of DNS (RFC 1035): reads the question of a query, and makes answers to it."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address
from struct import Struct
from typing import NamedTuple

from ..conditions.dns import NXDOMAIN, SERVFAIL

CODES = {NXDOMAIN: 3, SERVFAIL: 2}
NO_ERROR = 0
A, AAAA, ANY = 1, 28, 255
TTL_S = 0
"""A made-up answer is not to be kept: the conditions may change at any time."""

_HEADER = Struct("!HHHHHH")  # id, flags, and the numbers of questions, answers, authorities and additional records
_KIND_AND_CLASS = Struct("!HH")
_RECORD = Struct("!HHHIH")  # pointer to the name, type, class, TTL, length
_RESPONSE, _OPCODE, _RECURSION_DESIRED, _RECURSION_AVAILABLE = 0x8000, 0x7800, 0x0100, 0x0080
_INTERNET = 1
_POINTER_TO_QUESTION = 0xC000 | _HEADER.size
_OPT = b"\0\0\x29"  # the root's name and the type of an EDNS record (RFC 6891, 6.1.2)
_OUR_OPT = _OPT + b"\x04\xd0" + bytes(6)  # 1232 bytes of UDP payload, no flags, no options
_LONGEST_LABEL = 63


class Question(NamedTuple):
    """The one question of a query; `name` is in lower case, `end` is where it ends in the message."""

    name: str
    kind: int
    end: int


def read_question(message: bytes) -> Question | None:
    """The question of a standard query for an internet name; None for any other message."""
    if len(message) < _HEADER.size:
        return None
    _, flags, questions, *_ = _HEADER.unpack_from(message)
    name, end = _read_name(message, _HEADER.size)
    if flags & (_RESPONSE | _OPCODE) or questions != 1 or name is None or len(message) < end + _KIND_AND_CLASS.size:
        return None
    kind, family = _KIND_AND_CLASS.unpack_from(message, end)
    return Question(name, kind, end + _KIND_AND_CLASS.size) if family == _INTERNET else None


def refusal(query: bytes, question: Question, answer: str) -> bytes:
    """An answer that says `nxdomain` or `servfail`."""
    return _reply(query, question, CODES[answer], ())


def made_up(query: bytes, question: Question, addresses: Iterable[IPv4Address | IPv6Address]) -> bytes:
    """An answer with those of the addresses that are of the kind that the question asks for, maybe none."""
    kinds = {A, AAAA} if question.kind == ANY else {question.kind}
    rows = [(A if address.version == 4 else AAAA, address.packed) for address in addresses]
    return _reply(query, question, NO_ERROR, [_record(kind, data) for kind, data in rows if kind in kinds])


def id_of(message: bytes) -> bytes:
    """What tells the answers of several questions apart."""
    return message[:2]


def _reply(query: bytes, question: Question, code: int, records: Iterable[bytes]) -> bytes:
    number, flags, _, answers, authorities, additional = _HEADER.unpack_from(query)
    has_opt = (answers, authorities) == (0, 0) and additional and query[question.end :].startswith(_OPT)
    flags = _RESPONSE | (flags & _RECURSION_DESIRED) | _RECURSION_AVAILABLE | code
    records = list(records)
    header = _HEADER.pack(number, flags, 1, len(records), 0, int(bool(has_opt)))
    return header + query[_HEADER.size : question.end] + b"".join(records) + (_OUR_OPT if has_opt else b"")


def _record(kind: int, data: bytes) -> bytes:
    return _RECORD.pack(_POINTER_TO_QUESTION, kind, _INTERNET, TTL_S, len(data)) + data


def _read_name(message: bytes, start: int) -> tuple[str | None, int]:
    """A name without pointers, and where it ends; None if it is none."""
    labels: list[bytes] = []
    while start < len(message):
        length = message[start]
        label = message[start + 1 : start + 1 + length]
        start += 1 + length
        if not length:
            return b".".join(labels).decode("latin-1").lower(), start
        if length > _LONGEST_LABEL:
            break
        labels.append(label)
    return None, start
