"""Starts the application as its user, with reduced capabilities; run as a module, starts COMMAND the same way."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from typing import NoReturn

from .. import syscalls
from .settings import ApplicationUser, BadSettings, read_user

FORBIDDEN = (syscalls.NET_ADMIN, syscalls.NET_RAW, syscalls.SYS_PTRACE)
"""Capabilities that would let the application bypass its conditions, or trace the process that can change them."""

NOT_FOUND, NOT_EXECUTABLE, BROKEN = 127, 126, 3


def become(user: ApplicationUser, command: Sequence[str]) -> NoReturn:
    """Replace this process with the command, run as `user`; a user other than root gets no capabilities.

    If the command is missing or not executable, exits with the status a shell would use (127, 126).
    """
    if user.uid:
        # The user comes last: changing it takes away SETPCAP and SETGID, which the steps before it need.
        syscalls.forbid_capabilities(syscalls.allowed_capabilities())
        os.setgroups(os.getgrouplist(user.name, user.gid) if user.name else [user.gid])
        os.setresgid(user.gid, user.gid, user.gid)
        os.setresuid(user.uid, user.uid, user.uid)
        os.environ |= {"HOME": user.home, "USER": user.name, "LOGNAME": user.name}
    try:
        os.execvp(command[0], list(command))
    except OSError as error:
        _say(f"cannot start {command[0]}: {error.strerror}")
        os._exit(NOT_FOUND if isinstance(error, FileNotFoundError) else NOT_EXECUTABLE)


def main(command: Sequence[str], environment: Mapping[str, str]) -> NoReturn:
    """Run a command as the application runs: a plain `docker exec` has all capabilities of the container."""
    try:
        user = read_user(environment)
    except BadSettings as error:
        _say(str(error))
        os._exit(BROKEN)
    syscalls.drop_capabilities(FORBIDDEN)
    become(user, command)


def _say(line: str) -> None:
    print(f"synthlab: {line}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:], os.environ)
