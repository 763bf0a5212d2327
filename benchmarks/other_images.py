"""Images of clients with another checkout's container side in place of ours, under tags of their own."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from synthlab.engine.factory import make_engine
from synthlab.engine.images import ImageBuild

from .errors import Failed
from .other_checkout import OtherCheckout

TAGS = {
    "syntheticnet:latest": "synthlab-bench/syntheticnet:before",
    "synthlab/chrome:latest": "synthlab-bench/chrome:before",
    "synthlab/bot:latest": "synthlab-bench/bot:before",
}
BASE = "syntheticnet:latest"
_IMAGE = re.compile(r'(?<=image: ")[^"]+(?=")')
# The application stays ours: only what carries its packets is compared.
_DOCKERFILE = """\
FROM {ours}
RUN rm -rf /opt/synthlab
COPY --from={other} /opt/synthlab /opt/synthlab
"""


def replaced(compose: str) -> str:
    """A rendered Compose file with the clients' images replaced by the other checkout's."""
    return _IMAGE.sub(lambda match: TAGS.get(_full(match[0]), match[0]), compose)


def applications(compose: str) -> list[str]:
    """The images of bundled applications that a rendered Compose file names."""
    named = {_full(tag) for tag in _IMAGE.findall(compose)}
    return [tag for tag in TAGS if tag in named and tag != BASE]


def build(checkout: OtherCheckout, apps: Sequence[str]) -> None:
    """Build its base image, and these applications' on top of ours. Raises Failed with the build's last line."""
    _build(TAGS[BASE], checkout.folder / "images" / "syntheticnet")
    for ours in apps:
        with TemporaryDirectory() as folder:
            (Path(folder) / "Dockerfile").write_text(_DOCKERFILE.format(ours=ours, other=TAGS[BASE]))
            _build(TAGS[ours], Path(folder))


def _build(tag: str, context: Path) -> None:
    lines: list[str] = []
    build = ImageBuild(tag=tag, context=context, args={}, labels={})
    if make_engine().build_image(build, lines.append).status:
        raise Failed(f"{tag}: {lines[-1] if lines else 'it could not be built'}")


def _full(tag: str) -> str:
    return tag if ":" in tag else f"{tag}:latest"
