"""`python -m syntheticnet`: raises the firewall, then runs as PID 1."""

from __future__ import annotations

import os
import sys

from .firewall import NoFirewall, raise_firewall

try:
    raise_firewall()
except NoFirewall as error:
    print(f"synthlab: {error}", file=sys.stderr)
    os._exit(3)

from .supervisor.init import main  # only now: importing it first would delay the firewall

main(sys.argv[1:])
