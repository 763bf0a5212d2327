"""Makes Chromium trust the lab's own certificate authorities: it reads the NSS database in its user's home."""

import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path

FOLDER = Path("/opt/etc/synthlab/ca")

_DATABASE = Path(".pki/nssdb")
_BEGIN, _END = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"


def install(files: Iterable[Path], home: Path) -> None:
    """Make the database anew with every certificate of these PEM files; raises ValueError that names the bad one."""
    database = home / _DATABASE
    texts = {file.name: file.read_text() for file in files}
    if not texts:
        return
    database.mkdir(parents=True, exist_ok=True)
    for former in database.iterdir():
        former.unlink()
    _certutil(database, "-N", "--empty-password")
    for name, text in texts.items():
        for number, certificate in enumerate(certificates(text), 1):
            # C: an authority for servers
            _certutil(database, "-A", "-t", "C,,", "-n", f"{name} {number}", "-a", text=certificate, what=name)


def certificates(text: str) -> Iterator[str]:
    """Each certificate of a PEM file by itself: certutil takes only the first of several."""
    for part in text.split(_BEGIN)[1:]:
        yield f"{_BEGIN}{part.partition(_END)[0]}{_END}\n"


def _certutil(database: Path, *arguments: str, text: str = "", what: str = "certutil") -> None:
    command = ["certutil", "-d", f"sql:{database}", *arguments]
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ValueError(f"{what}: {done.stderr.strip() or done.returncode}")
