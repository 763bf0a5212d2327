"""The API of a client, as the tests of pages ask it."""

from __future__ import annotations

from typing import Any, cast

import httpx


class ClientApi(httpx.Client):
    """`url` is that of the API's version, such as http://127.0.0.1:3000/v1."""

    def __init__(self, url: str) -> None:
        super().__init__(base_url=url)

    @property
    def conditions(self) -> dict[str, Any]:
        """What is in force, without the seed."""
        return {name: value for name, value in self._json("/conditions").items() if name != "seed"}

    @property
    def leases(self) -> list[Any]:
        return cast("list[Any]", self.state["leases"])

    @property
    def state(self) -> dict[str, Any]:
        return self._json("/state")

    def change(self, change: dict[str, Any]) -> None:
        self.patch("/conditions", json=change).raise_for_status()

    def reset(self) -> None:
        self.delete("/conditions").raise_for_status()

    def _json(self, path: str) -> dict[str, Any]:
        return cast("dict[str, Any]", self.get(path).raise_for_status().json())
