"""Building images."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path

import pytest

from synthlab.assets import own_version
from synthlab.deploy.image_build import described, refuse_missing_version
from synthlab.deploy.image_checks import refuse_unfit
from synthlab.deploy.images import Image, PlannedImage
from synthlab.engine.image_commands import build_arguments
from synthlab.engine.images import LocalImage
from synthlab.errors import SynthlabError, WrongUse
from synthlab.stack import read_stack
from synthlab.testing import FakeEngine


def test_build_command(tmp_path: Path) -> None:
    """The build gets its hash as a label, its arguments, the host's proxies by name only, and the CA as a secret."""
    bundle = tmp_path / "ca.pem"
    bundle.touch()
    planned = PlannedImage(Image(tag="a:1", context=tmp_path, args={"V": "1"}), "abc", current=False)
    environment = {"HTTPS_PROXY": "http://me:secret@proxy", "no_proxy": "x", "http_proxy": "", "PIP_CERT": str(bundle)}
    assert build_arguments(described(planned), environment) == [
        *("buildx", "build", "--load", "--progress", "plain", "--tag", "a:1"),
        *("--label", "synthlab.content=abc", "--label", f"synthlab.version={own_version()}"),
        *("--build-arg", "V=1", "--build-arg", "HTTPS_PROXY", "--build-arg", "no_proxy"),
        *("--secret", f"id=ca,src={bundle}"),
        str(tmp_path),
    ]


def test_no_ca_no_secret(tmp_path: Path) -> None:
    """A CA variable that names no file adds no secret."""
    planned = PlannedImage(Image(tag="a:1", context=tmp_path), "abc", current=False)
    assert "--secret" not in build_arguments(described(planned), {"SSL_CERT_FILE": str(tmp_path / "none")})


class Conditioning(FakeEngine):
    """An engine whose images take over the network of their containers."""

    def image(self, tag: str) -> LocalImage | None:
        return LocalImage(f"id of {tag}", "0", conditions=True)


@pytest.mark.parametrize(("network", "refused"), [(", network: {}", True), ("", False)])
def test_a_media_server_that_would_be_conditioned_twice(network: str, refused: bool, tmp_path: Path) -> None:
    """A media server whose image conditions its own network cannot be conditioned; nothing is started."""
    file = tmp_path / "lab.yaml"
    file.write_text(f"sfu: {{image: acme/sfu{network}}}\nclients: {{one: {{image: acme/app}}}}\n")
    stack, engine = read_stack(str(file)), Conditioning()
    message = "sfu: image acme/sfu is FROM syntheticnet and conditions its own network"
    with pytest.raises(SynthlabError, match=message) if refused else nullcontext():
        refuse_unfit(stack, engine, {"acme/sfu"})


@pytest.mark.issue(10)
def test_a_version_that_there_is_none_of() -> None:
    """A version that is not available is wrong use, with the available ones; other build failures are not."""
    offer = "cannot be installed; this Debian release offers:"
    tail = [
        f'#5 ERROR: process "/bin/sh -c ... echo "janus ${{JANUS_VERSION}} {offer}',
        f"#5 2.345 janus 9.9 {offer}  1.1.2-1  1.1.1-2 ",
        "> [2/6] RUN apt-get update:",
    ]
    with pytest.raises(WrongUse, match=rf"\Ajanus 9.9 {offer} 1.1.2-1 1.1.1-2\Z"):
        refuse_missing_version(tail)
    refuse_missing_version([tail[0], tail[2]])
