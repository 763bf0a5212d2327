"""Who may use the lab API."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import Any

import httpx
import pytest

from synthlab.dashboard.access import token_in
from synthlab.dashboard.routes import endpoints
from synthlab.errors import WrongUse

from .served import Served

LABS = "/v1/labs"


def status(shared: Served, path: str = LABS, method: str = "GET", **headers: str) -> int:
    """The status of a request with the token in its header, and these headers."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return shared.http.request(method, path, headers=sent).status_code


def test_no_token(shared: Served) -> None:
    """Without a token, or with another, no endpoint answers; the reason says what to send."""
    for headers in ({}, {"authorization": "Bearer x"}, {"authorization": shared.access.token}, {"cookie": "a=b; ;;"}):
        answer = httpx.get(shared.access.url + LABS, headers=headers)
        assert answer.status_code == 401
        assert answer.json()["error"].startswith("no token: send `Authorization: Bearer TOKEN`")
    for endpoint in endpoints():
        method = endpoint.method if endpoint.method not in ("ANY", "WEBSOCKET") else "GET"
        assert httpx.request(method, shared.access.url + endpoint.path).status_code == 401
    assert httpx.get(shared.access.url + "/nothing").status_code == 401


def test_cookie(shared: Served) -> None:
    """The printed address sets a cookie and leads to one without the token."""
    with httpx.Client(base_url=shared.access.url) as browser:
        answer = browser.get("/", params={"token": shared.access.token})
        assert (answer.status_code, answer.headers["location"]) == (303, "/")
        cookie = answer.headers["set-cookie"]
        assert cookie == f"synthlab-{shared.access.port}={shared.access.token}; HttpOnly; SameSite=Strict; Path=/"
        assert browser.get("/").status_code == 200
        assert browser.get(LABS).status_code == 200
    for path in ("/?token=x", f"/v1/labs?token={shared.access.token}"):
        assert httpx.get(shared.access.url + path).status_code == 401


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1", "127.0.0.1:1", "localhost.evil.example:{}", ""])
def test_foreign_hosts(host: str, shared: Served) -> None:
    """A name that was made to point here is refused, with the token too."""
    assert status(shared, host=host.format(shared.access.port)) in (400, 403)


@pytest.mark.parametrize("host", ["127.0.0.1:{}", "localhost:{}", "[::1]:{}"])
def test_own_hosts(host: str, shared: Served) -> None:
    assert status(shared, host=host.format(shared.access.port)) == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:1"},
        {"sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "same-site"},
    ],
)
def test_foreign_pages(headers: dict[str, str], shared: Served) -> None:
    """Pages of other sites are refused, reading too; there are no CORS headers."""
    for method in ("GET", "POST", "OPTIONS"):
        assert status(shared, method=method, **headers) == 403
    start = f"/?token={shared.access.token}"
    assert status(shared, start, **headers) == 403
    answer = shared.http.options(LABS, headers={"origin": "https://evil.example"})
    assert not [name for name in answer.headers if name.startswith("access-control")]


def test_own_page(shared: Served) -> None:
    headers: dict[str, Any] = {"origin": shared.access.url, "sec_fetch_site": "same-origin"}
    assert status(shared, **headers) == 200


def test_headers(shared: Served) -> None:
    """Answers are not kept, not framed, not sniffed, and not read by other sites; refused ones neither."""
    for answer in (shared.http.get(LABS), httpx.get(shared.access.url)):
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cross-origin-resource-policy"] == "same-origin"
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]


def test_loopback_only(shared: Served) -> None:
    """It listens on 127.0.0.1, and on no other address of this machine."""
    with socket.socket() as other, pytest.raises(OSError, match="refused"):
        other.connect(("127.0.0.2", shared.access.port))


def test_what_is_not_there(shared: Served) -> None:
    assert shared.error("GET", "/v1/nothing", status=404) == "/v1/nothing: no such path"
    assert shared.error("PUT", LABS, status=405) == "/v1/labs: PUT is not supported"
    for body, expected in ((b"{", 400), (b"[" * 100_000, 400), (b'{"a": NaN}', 400), (b" " * (1 << 21), 413)):
        assert shared.http.post(LABS, content=body).status_code == expected


@pytest.mark.parametrize("empty", [False, True])
def test_token_file(empty: bool, tmp_path: Path) -> None:
    """A missing or empty file gets a token, for its owner only, and keeps it."""
    path = tmp_path / "token"
    if empty:
        path.touch(0o600)
    token = token_in(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.read_text() == token + "\n"
    assert token_in(path) == token


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620])
def test_token_file_of_others(mode: int, tmp_path: Path) -> None:
    """A file that others may use is refused, and gets no token."""
    path = tmp_path / "token"
    path.touch()
    path.chmod(mode)
    with pytest.raises(WrongUse, match=f"chmod 600 {path}"):
        token_in(path)
    assert path.read_text() == ""


@pytest.mark.parametrize("text", ["short", "a" * 31, "a" * 32 + " b", "a" * 32 + "\nb"])
def test_no_token_in_file(text: str, tmp_path: Path) -> None:
    """What is no token is refused, and left as it is."""
    path = tmp_path / "token"
    path.touch(0o600)
    path.write_text(text)
    with pytest.raises(WrongUse, match="no token of 32 or more"):
        token_in(path)
    assert path.read_text() == text


def test_token_file_that_is_none(tmp_path: Path) -> None:
    """A folder, a pipe or a path that does not exist is refused in one line."""
    os.mkfifo(tmp_path / "pipe", 0o600)
    for path in (tmp_path, tmp_path / "pipe", tmp_path / "missing" / "token"):
        with pytest.raises(WrongUse, match="--token-file: "):
            token_in(path)
