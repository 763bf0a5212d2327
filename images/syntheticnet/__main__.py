"""`python -m syntheticnet`: raise the fence, then become PID 1."""

from __future__ import annotations

import os
import sys

from .firewall import NoFence, raise_fence

try:
    raise_fence()
except NoFence as error:
    print(f"synthlab: {error}", file=sys.stderr)
    os._exit(3)

from .supervisor.init import main  # only now: an import before the fence is time without it

main(sys.argv[1:])
