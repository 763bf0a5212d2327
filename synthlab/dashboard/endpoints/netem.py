"""What a text in the words of tc-netem(8) and tc-tbf(8) means."""

from __future__ import annotations

from typing import Any

from ...stack.netem import EXAMPLE, translate
from .. import schemas
from ..endpoint import LabEndpoint, LabRequest

MOST_TEXT = 1000
WORDS = schemas.text("options of tc-netem(8) and tc-tbf(8)", EXAMPLE, most=MOST_TEXT)
MEANT = schemas.fields(
    ("text", "values", "cleared", "notes"),
    text=WORDS,
    values=schemas.free("the values of a direction that it means, as written in files"),
    cleared=schemas.array(schemas.text("a value"), "values that its options replace: a change clears them"),
    notes=schemas.array(schemas.text("a line"), "what differs from the kernel"),
)


def meaning(request: LabRequest) -> Any:
    """What a text in tc's words means; nothing is changed."""
    return translate(request.query["text"]).to_dict()


TABLE = (
    LabEndpoint(method="GET", path="/v1/netem", handler=meaning, answer=MEANT, needs=("text",), query={"text": WORDS}),
)
