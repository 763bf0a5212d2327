"""The commands that make images."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

from synthlab.builder import build_command
from synthlab.images import Image, PlannedImage


def test_build_command(tmp_path: Path) -> None:
    """The build gets its hash as a label, its arguments, the host's proxies by name only, and its CA as a secret."""
    bundle = tmp_path / "ca.pem"
    bundle.touch()
    planned = PlannedImage(Image(tag="a:1", context=tmp_path, args={"V": "1"}), "abc", current=False)
    environment = {"HTTPS_PROXY": "http://me:secret@proxy", "no_proxy": "x", "http_proxy": "", "PIP_CERT": str(bundle)}
    assert build_command(planned, environment) == [
        *("docker", "buildx", "build", "--load", "--progress", "plain", "--tag", "a:1"),
        *("--label", "synthlab.content=abc", "--label", f"synthlab.version={version('synthlab')}"),
        *("--build-arg", "V=1", "--build-arg", "HTTPS_PROXY", "--build-arg", "no_proxy"),
        *("--secret", f"id=ca,src={bundle}"),
        str(tmp_path),
    ]


def test_no_ca_no_secret(tmp_path: Path) -> None:
    """A variable that names no file gives the build no secret."""
    planned = PlannedImage(Image(tag="a:1", context=tmp_path), "abc", current=False)
    assert "--secret" not in build_command(planned, {"SSL_CERT_FILE": str(tmp_path / "none")})
