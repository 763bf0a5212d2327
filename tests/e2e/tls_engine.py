"""An engine at a TCP port with TLS, as a CI job has next to it with docker-in-docker.

It is in a network namespace: the ports that it publishes on its loopback are not reachable from here.
"""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from .far import namespace
from .second_engine import SecondEngine, unmount

NAMESPACE = "e2e-tls-engine"
HERE, THERE, PORT = "10.231.9.1", "10.231.9.2", 2376
LINK = "e2e-tls"


@contextmanager
def tls_engine(certificates: Path, *images: str) -> Iterator[dict[str, str]]:
    """The docker command's variables for this engine, which has these images of the first one."""
    certificates.mkdir()
    _certify(certificates)
    keys = {"tlscacert": "ca", "tlscert": "cert", "tlskey": "key"}
    options = [f"--{option}={certificates / name}.pem" for option, name in keys.items()]
    options += ["--bridge=none", "--tlsverify", f"--host=tcp://{THERE}:{PORT}"]
    with namespace(NAMESPACE), TemporaryDirectory(prefix=f"{NAMESPACE}-", ignore_cleanup_errors=True) as folder:
        _ip("link", "add", LINK, "type", "veth", "peer", "name", "up0", "netns", NAMESPACE)
        _ip("addr", "add", f"{HERE}/30", "dev", LINK)
        _ip("link", "set", LINK, "up")
        _ip("-n", NAMESPACE, "addr", "add", f"{THERE}/30", "dev", "up0")
        _ip("-n", NAMESPACE, "link", "set", "up0", "up")
        engine = SecondEngine(Path(folder), NAMESPACE, options)
        engine.start()
        try:
            engine.load(*images)
            yield {
                "DOCKER_HOST": f"tcp://{THERE}:{PORT}",
                "DOCKER_TLS_VERIFY": "1",
                "DOCKER_CERT_PATH": str(certificates),
            }
        finally:
            engine.end(signal.SIGTERM)
            unmount(folder)


def _certify(folder: Path) -> None:
    """Write `ca.pem`, and `cert.pem` with `key.pem` for both ends."""
    (folder / "names").write_text(f"subjectAltName=IP:{THERE}\nextendedKeyUsage=serverAuth,clientAuth\n")
    key = ("-newkey", "rsa:2048", "-nodes")
    _openssl(folder, "req", "-x509", *key, "-keyout", "ca-key.pem", "-out", "ca.pem", "-days", "2", "-subj", "/CN=ca")
    _openssl(folder, "req", *key, "-keyout", "key.pem", "-out", "request.pem", "-subj", "/CN=engine")
    signing = ("-CA", "ca.pem", "-CAkey", "ca-key.pem", "-CAcreateserial", "-days", "2", "-extfile", "names")
    _openssl(folder, "x509", "-req", "-in", "request.pem", "-out", "cert.pem", *signing)


def _openssl(folder: Path, *words: str) -> None:
    subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)
