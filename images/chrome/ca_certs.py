"""Makes Chromium trust the lab's certificate authorities, through the NSS database in its user's home."""

import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path

FOLDER = Path("/opt/etc/synthlab/ca")

_DATABASE = Path(".pki/nssdb")
_BEGIN, _END = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"


def install(files: Iterable[Path], home: Path) -> None:
    """Rebuild the database from these PEM files; raises ValueError naming a file that certutil rejects."""
    database = home / _DATABASE
    texts = {file.name: file.read_text() for file in files}
    if not texts:
        return
    database.mkdir(parents=True, exist_ok=True)
    for old in database.iterdir():
        old.unlink()
    _certutil(database, "-N", "--empty-password")
    for name, text in texts.items():
        for number, certificate in enumerate(certificates(text), 1):
            # C: trusted to issue server certificates
            _certutil(database, "-A", "-t", "C,,", "-n", f"{name} {number}", "-a", text=certificate, what=name)


def certificates(text: str) -> Iterator[str]:
    """Split a PEM bundle: certutil imports only the first certificate of a file."""
    for part in text.split(_BEGIN)[1:]:
        yield f"{_BEGIN}{part.partition(_END)[0]}{_END}\n"


def _certutil(database: Path, *arguments: str, text: str = "", what: str = "certutil") -> None:
    command = ["certutil", "-d", f"sql:{database}", *arguments]
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ValueError(f"{what}: {done.stderr.strip() or done.returncode}")
