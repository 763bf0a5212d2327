"""An upload: a file that arrives in pieces, because a message of several MB would hold up packets."""

from __future__ import annotations

from ..channel import FILE_PIECE
from ..conditions import FileContent


class Upload:
    """The pieces so far of the one file that is being uploaded; a piece that starts at 0 begins another file."""

    def __init__(self) -> None:
        self._name = ""
        self._content = bytearray()

    def add(self, name: str, start: int, piece: bytes) -> None:
        """Add a piece; raises ValueError unless it follows the one before it."""
        if start == 0:
            self._name, self._content = name, bytearray()
        if (name, start) != (self._name, len(self._content)):
            raise ValueError(f"{name}: the upload was interrupted; upload the file again")
        self._content += piece

    def take(self) -> bytearray:
        """The complete file, which is not kept any longer."""
        content, self._content = self._content, bytearray()
        return content


def is_same(one: FileContent, other: FileContent) -> bool:
    """Whether both hold the same bytes, compared piece by piece."""
    if len(one) != len(other):
        return False
    return all(one[at : at + FILE_PIECE] == other[at : at + FILE_PIECE] for at in range(0, len(one), FILE_PIECE))
