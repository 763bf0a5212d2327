"""What opens the APIs of a lab on several machines: the lab's certificate and token, made anew for each `up`.

The containers get the certificate with its key and the token's digest, as secrets. The manager keeps certificate and
token as a config, which no container gets: whoever can read it controls the swarm anyway.
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from dataclasses import dataclass

from ..errors import SynthlabError
from .process import run_program

TOKEN_BYTES = 32
DAYS = 3650
TIMEOUT_S = 60.0

_PEM = re.compile(r"-----BEGIN ([A-Z ]+)-----.*?-----END \1-----\n", re.DOTALL)


@dataclass(frozen=True, slots=True)
class LabAccess:
    """The lab's token, and its certificate as PEM, which signs itself."""

    token: str
    certificate: str

    @property
    def digest(self) -> str:
        """What a container needs to check the token."""
        return hashlib.sha256(self.token.encode()).hexdigest()

    def to_json(self) -> str:
        return json.dumps({"token": self.token, "certificate": self.certificate})

    @classmethod
    def from_json(cls, text: bytes) -> LabAccess:
        return cls(**json.loads(text))


def make_access(command: str, image: str) -> tuple[LabAccess, str]:
    """A new LabAccess, and its certificate with the key as PEM; OpenSSL runs in a container of this image of ours."""
    # The key is written to no file, and the container has no network.
    made = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=synthlab -days"
    where = "-keyout /dev/stdout -out /dev/stdout"
    container = [command, "run", "--rm", "--pull", "never", "--network", "none", "--entrypoint", "openssl", image]
    lines: list[str] = []
    finished = run_program(
        [*container, *made.split(), str(DAYS), *where.split()], on_line=lines.append, timeout_s=TIMEOUT_S
    )
    parts = {match[1]: match[0] for match in _PEM.finditer("\n".join(map(str.strip, lines)) + "\n")}
    if finished.status != 0 or not {"PRIVATE KEY", "CERTIFICATE"} <= parts.keys():
        raise SynthlabError(f"{image} cannot make the lab's certificate", finished.tail[-3:])
    access = LabAccess(secrets.token_urlsafe(TOKEN_BYTES), parts["CERTIFICATE"])
    return access, parts["PRIVATE KEY"] + parts["CERTIFICATE"]
