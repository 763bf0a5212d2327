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


def test_stats_that_are_judged_hold_pictures_off(site: Site) -> None:
    """The publisher learns it with its next post, the page with its next look."""
    site.ask("GET", "/v1/pictures")
    assert site.ask("POST", "/v1/stats", "127.0.0.1", json={}).json()["pictures"] is True
    site.ask("GET", "/v1/stats?judged=false")
    assert site.ask("GET", "/v1/pictures").json()["judged"] is False
    site.ask("GET", "/v1/stats?judged=true")
    assert site.ask("GET", "/v1/pictures").json()["judged"] is True
    assert site.ask("POST", "/v1/stats", "127.0.0.1", json={}).json()["pictures"] is False
    assert site.ask("GET", "/v1/stats?judged=yes").json()["error"] == "judged: 'yes' is not true or false"
