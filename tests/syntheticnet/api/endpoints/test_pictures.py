"""Pictures that the application has of others, over HTTP."""

from __future__ import annotations

import base64

import pytest

from ...site import HOST, Site

APPLICATION = "127.0.0.1"
JPEG = b"\xff\xd8\xff\xe0 a picture"


def test_pictures_are_published_while_somebody_looks(site: Site) -> None:
    """The publisher of stats learns that the host looks, and the host reads what is then published."""
    assert site.ask("POST", "/v1/stats", APPLICATION, json={}).json()["pictures"] is False
    empty = {"pictures": {}, "count": 0, "cpu_percent": None, "judged": False}
    assert site.ask("GET", "/v1/pictures").json() == empty
    assert site.ask("POST", "/v1/stats", APPLICATION, json={}).json()["pictures"] is True
    answer = site.ask("POST", "/v1/pictures/client2?cpu=2ms", APPLICATION, content=JPEG)
    assert answer.json() == {"wanted": True}
    one = site.ask("GET", "/v1/pictures").json()["pictures"]["client2"]
    assert (one["number"], base64.b64decode(one["jpeg"])) == (1, JPEG)
    assert site.ask("GET", "/v1/pictures?after=1").json() == empty | {"count": 1}
    picture = site.ask("GET", "/v1/pictures/client2")
    assert (picture.content, picture.headers["content-type"]) == (JPEG, "image/jpeg")
    assert site.ask("GET", "/v1/pictures/client3").status_code == 404


@pytest.mark.parametrize(
    ("path", "content", "status", "line"),
    [
        ("client2", b"<script>", 422, "the body is not a JPEG picture"),
        ("client2", b"", 422, "the body is not a JPEG picture"),
        ("client2", JPEG + bytes(1 << 15), 413, "the body is longer than 32768 bytes"),
        ("x" * 201, JPEG, 422, "the name of a peer is at most 200 printable characters"),
        ("a%0Ab", JPEG, 422, "the name of a peer is at most 200 printable characters"),
        ("client2?cpu=soon", JPEG, 422, None),
        ("client2?size=1", JPEG, 422, None),
    ],
)
def test_what_is_refused(path: str, content: bytes, status: int, line: str | None, site: Site) -> None:
    answer = site.ask("POST", f"/v1/pictures/{path}", HOST, content=content)
    assert answer.status_code == status
    assert line in (None, answer.json()["error"])
    assert site.ask("GET", "/v1/pictures").json()["count"] == 0


def test_an_after_that_is_no_number(site: Site) -> None:
    assert site.ask("GET", "/v1/pictures?after=-1").json()["error"] == "after: '-1' is not a number such as 12"
