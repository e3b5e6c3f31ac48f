"""Servers that a killed Trilha left behind, before the kernel's signal has ended them."""

from pathlib import Path
from signal import Signals

import psutil

_PATIENCE_S = 10.0
_KILL_S = 5.0


def end_leftovers(folder: Path, pid_file: Path, stop_signal: Signals) -> None:
    """End what still works in ``folder``, and remove the pid file that it, or a crash, left.

    A server is known by its working folder: the number in a pid file may belong to somebody else by now.
    The caller holds the lock of the data folder, so none of them can belong to a running Trilha.
    """
    if not pid_file.exists():
        return
    found = _working_in(folder)
    main = pid_file.read_text().split("\n", 1)[0].strip()
    for process in found:
        if str(process.pid) == main:
            process.send_signal(stop_signal)
    _, stubborn = psutil.wait_procs(found, timeout=_PATIENCE_S)
    for process in stubborn:
        process.kill()
    psutil.wait_procs(stubborn, timeout=_KILL_S)
    pid_file.unlink(missing_ok=True)


def _working_in(folder: Path) -> list[psutil.Process]:
    real = str(folder.resolve())
    return [process for process in psutil.process_iter(["cwd"]) if process.info["cwd"] == real]
