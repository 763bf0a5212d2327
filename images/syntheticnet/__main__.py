"""`python -m syntheticnet`: raises the firewall, then runs as PID 1."""

from __future__ import annotations

import gc
import os
import sys

from .firewall import NoFirewall, raise_firewall

try:
    raise_firewall()
    from . import readiness  # only now: importing more first would delay the firewall

    readiness.prepare()
    gc.disable()  # imports create hardly any garbage, and collecting it would slow the start
except NoFirewall as error:
    print(f"synthlab: {error}", file=sys.stderr)
    os._exit(3)

from .supervisor.init import main

main(sys.argv[1:])
