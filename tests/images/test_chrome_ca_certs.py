"""Splitting certificate bundles for certutil."""

from __future__ import annotations

from pathlib import Path

from chrome.ca_certs import certificates, install

ONE = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
TWO = "-----BEGIN CERTIFICATE-----\nBBBB\n-----END CERTIFICATE-----\n"


def test_bundle_is_split() -> None:
    """A bundle is split into its certificates, without the text around them."""
    assert list(certificates(f"# mine\n{ONE}\n# another\n{TWO}")) == [ONE, TWO]
    assert list(certificates("nothing")) == []


def test_nothing_to_trust(tmp_path: Path) -> None:
    """Without certificates no database is created."""
    install([], tmp_path)
    assert list(tmp_path.iterdir()) == []
