"""Stats of the application, over HTTP."""

from __future__ import annotations

from ...site import Site


def test_the_application_publishes_its_stats(site: Site) -> None:
    """The host reads what a page in the container posts, with its age."""
    answer = site.ask("POST", "/v1/stats", "127.0.0.1", json={"video": {"client2": {"fps": 15}}})
    assert answer.json() == {"published": True, "pictures": False}
    report = site.ask("GET", "/v1/stats").json()
    assert report["values"] == {"video": {"client2": {"fps": 15}}}
    assert 0 <= report["age_s"]["video"] < 5
