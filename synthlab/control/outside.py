"""Says how people from outside a lab take part in it: their own network is not conditioned."""

from __future__ import annotations

from collections.abc import Iterable

from ..engine.containers import Container
from ..engine.labels import PUBLISHED_PORTS


def outside_line(containers: Iterable[Container]) -> str | None:
    """One line for the containers of one lab; None if nobody from outside can take part."""
    open_ones = [container for container in containers if container.outside]
    pages = [container.outside for container in open_ones if container.outside != PUBLISHED_PORTS]
    published = [container.title for container in open_ones if container.outside == PUBLISHED_PORTS]
    if published:
        pages.append(f"the published ports of {', '.join(published)}")
    return f"people from outside use {' and '.join(pages)}; their network is not conditioned" if pages else None
