"""What existing scripts speak: `/qos` and `/top`, over a real wire to a stand-in for the forwarder."""

from __future__ import annotations

from .site import SPEC, Site


def test_qos_round_trips(site: Site) -> None:
    """POST answers `OK` as text, and GET the very spec."""
    answer = site.ask("POST", "/qos", json=SPEC)
    assert (answer.status_code, answer.content) == (200, b"OK")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    read = site.ask("GET", "/qos")
    assert read.headers["content-type"] == "application/json"
    assert read.json() == SPEC


def test_qos_of_an_untouched_client_is_the_perfect_spec(site: Site) -> None:
    """Byte for byte what existing scripts parse."""
    perfect = '{"rate":10000000000,"loss":0.0,"latency":0,"jitter":0,"jitter_strength":0.0,"reorder_packets":false}'
    links = f'{{"ingress":{perfect},"egress":{perfect}}}'
    assert site.ask("GET", "/qos").text == f'{{"default_link":{links},"flows":[]}}'


def test_qos_says_when_it_has_no_words(site: Site) -> None:
    """Conditions that the format cannot say are a 409 that names the way out."""
    site.ask("PUT", "/v1/conditions", json={"egress": {"latency": "1.5ms"}})
    answer = site.ask("GET", "/qos")
    assert (answer.status_code, answer.json()["error"]) == (
        409,
        "the conditions in force have no /qos form (egress: times that are not whole milliseconds); "
        "read /v1/conditions",
    )


def test_top_is_49152_octets(site: Site) -> None:
    """2048 slots of three little-endian words, as octets."""
    answer = site.ask("GET", "/top/ingress.profile")
    words = b"".join(word.to_bytes(8, "little") for word in (3, 1000, 17))
    assert answer.content == words.ljust(49152, b"\0")
    assert answer.headers["content-type"] == "application/octet-stream"
    assert site.ask("GET", "/top/egress.profile").content == bytes(49152)
