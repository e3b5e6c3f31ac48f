"""Seconds of processor that somebody has used: unlike time on the wall, they hardly depend on who else is at work."""

import psutil
import psycopg


def used_by(pid: int) -> float:
    """Of one process and those of its children that have ended."""
    return float(sum(psutil.Process(pid).cpu_times()[:4]))


def used_by_server(connection: psycopg.Connection) -> float:
    """Of a PostgreSQL server on this machine: all its processes, ended ones too."""
    postmaster = psutil.Process(connection.info.backend_pid).parent()
    assert postmaster
    running = [sum(child.cpu_times()[:2]) for child in postmaster.children()]
    return used_by(postmaster.pid) + float(sum(running))
