"""Console entries of pages, over HTTP."""

from __future__ import annotations

import pytest

from ...site import Site


@pytest.mark.issue(10)
def test_over_http(site: Site) -> None:
    """The application posts, the host reads new entries; an invalid entry number is refused."""
    entry = {"time_s": 1.0, "kind": "log", "where": ""}
    answer = site.ask(
        "POST", "/v1/console", peer="127.0.0.1", json={"entries": [entry | {"text": "a"}, entry | {"text": "b"}]}
    )
    assert answer.status_code == 200
    result = site.ask("GET", "/v1/console?after=1").json()
    assert (result["count"], [one["text"] for one in result["entries"]]) == (2, ["b"])
    assert site.ask("GET", "/v1/console?after=-1").status_code == 422
    assert site.ask("POST", "/v1/console", json={}).status_code == 422
