"""`python -m syntheticnet`: raises the fence, then runs as PID 1."""

from __future__ import annotations

import os
import sys

from .firewall import NoFence, raise_fence

try:
    raise_fence()
except NoFence as error:
    print(f"synthlab: {error}", file=sys.stderr)
    os._exit(3)

from .supervisor.init import main  # only now: importing it first would delay the fence

main(sys.argv[1:])
