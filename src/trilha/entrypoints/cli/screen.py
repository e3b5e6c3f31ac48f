"""What `trilha up` shows: progress while it starts, then where things are and what to try."""

import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from rich.console import Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from trilha.entrypoints.cli.output import console

_MARKS = {
    "waiting": ("·", "dim"),
    "starting": ("…", "yellow"),
    "ready": ("✓", "green"),
    "done": ("✓", "green"),
    "restarting": ("↻", "yellow"),
    "failed": ("✗", "red"),
}
_NAMES = {
    "postgres": "PostgreSQL",
    "nats": "NATS JetStream",
    "migrate": "database schema",
    "simulator": "simulated bus company",
    "worker": "worker",
    "api": "HTTP API",
}


class StartScreen:
    """One line a step, alive in a terminal, printed once each elsewhere."""

    def __init__(self, steps: Sequence[str]) -> None:
        self._states = dict.fromkeys(steps, "waiting")
        self._began = time.monotonic()
        self._live = Live(console=console, refresh_per_second=10, transient=True) if console.is_terminal else None
        self._stopped = False

    def __enter__(self) -> Self:
        if self._live:
            self._live.start()
            self._live.update(self._rendered())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    def progress(self, step: str, state: str) -> None:
        """A step came into a state."""
        self._states[step] = state
        if self._stopped:
            return
        if self._live:
            self._live.update(self._rendered())
        elif state in {"ready", "done", "failed"}:
            console.print(f"{_NAMES.get(step, step)}: {state} after {time.monotonic() - self._began:.1f} s")

    def stop(self) -> None:
        """Leave the terminal to others."""
        if not self._stopped and self._live:
            self._live.stop()
        self._stopped = True

    def _rendered(self) -> RenderableType:
        lines = []
        for step, state in self._states.items():
            mark, style = _MARKS.get(state, ("·", "dim"))
            lines.append(Text(f" {mark} {_NAMES.get(step, step)}", style=style))
        return Group(*lines)


def ready_screen(api_url: str, data: Path, *, seconds: float, demo: bool) -> RenderableType:
    """The screen on which a start ends."""
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim")
    table.add_column()
    table.add_row("API", f"{api_url}   reference to browse: {api_url}/docs")
    table.add_row("data", f"{data}   kept when this stops")
    table.add_row("sign in", "TOKEN=$(.venv/bin/trilha token)")
    table.add_row("", "")
    for index, (what, command) in enumerate(_things_to_try(api_url), start=1):
        table.add_row(f"try {index}", f"{command}\n[dim]{what}[/]")
    company = "a simulated bus company is feeding it" if demo else "MiX Integrate is feeding it"
    return Panel(table, title=f"[bold green]Trilha is ready[/] after {seconds:.1f} s", subtitle=company, expand=False)


def _things_to_try(api_url: str) -> tuple[tuple[str, str], ...]:
    sign_in = '-H "Authorization: Bearer $TOKEN"'
    return (
        (
            "drivers called something like José, accents ignored",
            f"curl -s {sign_in} '{api_url}/v1/drivers?search=jose'",
        ),
        (
            "the newest driving infractions",
            f"curl -s {sign_in} '{api_url}/v1/telemetry/events?classification=driving_infraction&limit=3'",
        ),
        ("how the feed is doing", f"curl -s {sign_in} '{api_url}/v1/etl/runs?limit=5'"),
    )
