"""The stacks that can be brought up."""

from __future__ import annotations

from typing import Any

from .. import schemas
from ..endpoint import LabEndpoint, LabRequest
from ..stack_files import list_stacks

STACK = schemas.fields(
    ("file", "lab", "title", "bundled"),
    file=schemas.text("the name to bring it up by", "call.yaml"),
    lab=schemas.text("the name of its lab, unless another is given"),
    title=schemas.text("its first comment"),
    bundled=schemas.flag("whether it came with synthlab"),
    error=schemas.text("why it cannot be read; it then cannot be brought up"),
)


def stacks(request: LabRequest) -> Any:
    """The bundled stacks, and those below the server's folder."""
    return {"stacks": list_stacks(request.dashboard.folder.path)}


TABLE = (
    LabEndpoint(
        method="GET",
        path="/v1/stacks",
        handler=stacks,
        answer=schemas.fields(("stacks",), stacks=schemas.array(STACK, "bundled ones first")),
    ),
)
