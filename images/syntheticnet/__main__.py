"""`python -m syntheticnet`: raise the fence, then become PID 1."""

from __future__ import annotations

import os
import sys

from .fence import raise_fence

if not raise_fence():
    print(
        "synthlab: cannot raise the fence: run the container as root with cap_add: [NET_ADMIN, NET_RAW]"
        " (for an application that runs as a user, set SYNTHLAB_USER instead of USER)",
        file=sys.stderr,
    )
    os._exit(3)

from .init import main  # only now: an import before the fence is time without it

main(sys.argv[1:])
