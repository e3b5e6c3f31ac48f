"""Become the given user, ask to be told when the parent dies, then become the given program.

Run as a script (``python -I -S guard.py PARENT SIGNAL UID GID PROGRAM ARG...``), so that a process started by Trilha
never outlives it, not even after SIGKILL. A script in between, because Python code between fork and exec
(``preexec_fn``) can deadlock in a program with threads; it ends in ``exec``, so the process id stays the same. The
request comes after the change of user, because that change clears it. The kernel speaks of the parent *thread*:
start processes in a thread that lives as long as they shall.
"""

import ctypes
import os
import sys

_PR_SET_PDEATHSIG = 1


def main(parent: str, signal: str, uid: str, gid: str, *argv: str) -> None:
    """Never returns."""
    if uid:
        os.setgroups([])
        os.setgid(int(gid))
        os.setuid(int(uid))
    if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, int(signal), 0, 0, 0):
        sys.exit(f"prctl: {os.strerror(ctypes.get_errno())}")
    if os.getppid() != int(parent):
        sys.exit("the parent process ended meanwhile")
    try:
        os.execvp(argv[0], argv)  # noqa: S606 - the purpose of this script
    except OSError as failed:
        sys.exit(f"{argv[0]}: {failed.strerror}")


if __name__ == "__main__":
    main(*sys.argv[1:])
