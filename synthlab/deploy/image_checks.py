"""Checks that a stack's images can do what the stack needs of them."""

from __future__ import annotations

from collections.abc import Container

from ..engine.api import EngineApi
from ..errors import SynthlabError
from ..stack import Stack
from .servers import servers


def refuse_unfit(stack: Stack, engine: EngineApi, tags: Container[str]) -> None:
    """Raise SynthlabError for an image among `tags` that cannot play its part in the stack."""
    _refuse_conditioned_twice(stack, engine, tags)
    for client in stack.clients:
        if client.image in tags and not is_from_syntheticnet(engine, client.image):
            raise SynthlabError(
                f"{client.name}: image {client.image} is not FROM syntheticnet: see docs/applications.md"
            )


def is_from_syntheticnet(engine: EngineApi, tag: str) -> bool:
    """Whether the engine has this image, and it is built FROM ours."""
    image = engine.image(tag)
    return image is not None and image.content is not None


def _refuse_conditioned_twice(stack: Stack, engine: EngineApi, tags: Container[str]) -> None:
    """Raise for a conditioned server whose image would condition its network a second time."""
    images = [(one.name, one.image) for one in servers(stack) if one.name in stack.conditioned and one.image in tags]
    bodies = stack.compose.services if stack.compose else {}
    images += [(one.name, str(bodies[one.service].get("image", ""))) for one in stack.services]
    for name, tag in images:
        image = engine.image(tag) if tag else None
        if image and image.conditions:
            raise SynthlabError(
                f"{name}: image {tag} is FROM syntheticnet and conditions its own network: "
                "remove `network`, or use an image that is not"
            )
