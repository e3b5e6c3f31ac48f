"""On what it was measured: figures of different machines cannot be compared, ratios with care."""

import os
import platform
import re
from pathlib import Path

import psutil

from benchmarks.figures import Value

BUSY = 0.3
"""Load above which somebody else is clearly at work."""


def describe() -> dict[str, Value]:
    """Processor, memory, system, Python, and how busy the machine was before."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count() or 0,
        "memory_gib": round(psutil.virtual_memory().total / 2**30),
        "system": f"{platform.system()} {platform.release().split('-')[0]}",
        "python": platform.python_version(),
        "load_before": round(os.getloadavg()[0], 2),
    }


def warning() -> str | None:
    """What to tell whoever measures on a machine that is not theirs alone."""
    load = os.getloadavg()[0]
    if load < BUSY * (os.cpu_count() or 1):
        return None
    return f"the machine is busy (load {load:.1f}): ratios hold roughly, absolute figures do not"


def _processor() -> str:
    try:
        found = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    except OSError:
        found = None
    return found[1] if found else platform.machine()
