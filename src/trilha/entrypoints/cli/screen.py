"""What `trilha up` shows: progress while it starts, then where things are and what to try."""

import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from rich.console import Group, RenderableType
from rich.live import Live
from rich.markup import escape
from rich.text import Text

from trilha.entrypoints.cli.output import console, errors, say

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
    """One line a step, alive in a terminal, printed once each elsewhere; later only what is out of the ordinary."""

    def __init__(self, steps: Sequence[str]) -> None:
        self._states = dict.fromkeys(steps, "waiting")
        self._began = time.monotonic()
        self._live = Live(console=console, refresh_per_second=10, transient=True) if console.is_terminal else None
        self._started = False
        self._ending = False

    def __enter__(self) -> Self:
        if self._live:
            self._live.start()
            self._live.update(self._rendered())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.started()

    @property
    def seconds(self) -> float:
        """Since the beginning."""
        return time.monotonic() - self._began

    def progress(self, step: str, state: str) -> None:
        """A step came into a state."""
        before, self._states[step] = self._states[step], state
        if state == "stopping":
            self._end()
        elif self._started:
            if "restarting" in {before, state}:
                errors.print(f"{_NAMES.get(step, step)}: {state}", highlight=False)
        elif self._live:
            self._live.update(self._rendered())
        elif state in {"ready", "done", "failed"}:
            say(f"{_NAMES.get(step, step)}: {state} after {self.seconds:.1f} s")

    def started(self) -> None:
        """Leave the terminal to others."""
        if not self._started and self._live:
            self._live.stop()
        self._started = True

    def _end(self) -> None:
        if self._started and not self._ending:
            errors.print("stopping; Ctrl-C once more ends everything at once", highlight=False)
        self._ending = True

    def _rendered(self) -> RenderableType:
        lines = []
        for step, state in self._states.items():
            mark, style = _MARKS.get(state, ("·", "dim"))
            lines.append(Text(f" {mark} {_NAMES.get(step, step)}", style=style))
        return Group(*lines)


def show_ready(api_url: str, data: Path, program: str, *, seconds: float, demo: bool, detached: bool) -> None:
    """The screen on which a start ends. No box and no wrapping: everything on it can be copied."""
    company = "a simulated bus company feeds it" if demo else "MiX Integrate is asked for data now"
    say(f"\n[bold green]Trilha is ready[/] after {seconds:.1f} s; {company}\n")
    say(f"  [dim]API        [/] {api_url}")
    say(f"  [dim]reference  [/] {api_url}/docs")
    if not demo:
        say(f"  [dim]the feed   [/] {escape(program)} doctor [dim](does the login work, how far has it been read)[/]")
    say(f"  [dim]data       [/] {escape(str(data))} [dim](kept when this stops)[/]")
    if detached:
        say(f"  [dim]status     [/] {escape(program)} status")
    say(f"  [dim]stop       [/] {escape(program) + ' down' if detached else 'Ctrl-C'}\n")
    say("[bold]Sign in[/]:" if detached else "[bold]Sign in[/], in another terminal:")
    say(f"  [cyan]TOKEN=$({escape(program)} token)[/]")
    say("\nThe first data arrive within seconds." if demo else "")
    for what, command in _things_to_try(api_url):
        say(f"\n[bold]Try[/] {what}:")
        say(f"  [cyan]{escape(command)}[/]")
    say("")


def _things_to_try(api_url: str) -> tuple[tuple[str, str], ...]:
    ask = 'curl -s -H "Authorization: Bearer $TOKEN"'
    return (
        ("drivers called something like José, accents ignored", f"{ask} '{api_url}/v1/drivers?search=jose'"),
        (
            "the newest driving infractions",
            f"{ask} '{api_url}/v1/telemetry/events?classification=driving_infraction&limit=3'",
        ),
        ("where everybody is", f"{ask} '{api_url}/v1/positions/latest'"),
        ("how the feed is doing", f"{ask} '{api_url}/v1/etl/health'"),
    )
