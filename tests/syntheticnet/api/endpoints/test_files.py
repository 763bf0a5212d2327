"""Uploaded files, through a real control channel to a fake forwarder."""

from __future__ import annotations

from ...site import Site


def test_files(site: Site) -> None:
    """Files can be uploaded, listed, read and removed, but not removed while conditions name them."""
    table = " ".join(str(n * 8 - 16384) for n in range(4096)) + "\n"
    change = {"egress": {"jitter": "5ms", "jitter_table": "wifi.dist"}}
    refused = site.ask("PATCH", "/v1/conditions", json=change)
    line = "egress.jitter_table: wifi.dist: no such file; uploaded files: none"
    assert (refused.status_code, refused.json()["error"]) == (422, line)
    listed = site.ask("PUT", "/v1/files/wifi.dist", content=table, headers={"Content-Type": "text/plain"}).json()
    assert listed == {"files": [{"name": "wifi.dist", "bytes": len(table)}]}
    assert site.ask("GET", "/v1/files").json() == listed
    assert site.ask("GET", "/v1/files/wifi.dist").text == table
    assert site.ask("PATCH", "/v1/conditions", json=change).status_code == 200
    for method in ("PUT", "DELETE"):
        answer = site.ask(method, "/v1/files/wifi.dist", content="other")
        assert answer.status_code == 422
        assert answer.json()["error"].startswith("wifi.dist: is in use by the conditions; ")
    site.ask("DELETE", "/v1/conditions")
    assert site.ask("DELETE", "/v1/files/wifi.dist").json() == {"files": []}
