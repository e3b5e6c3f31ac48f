"""`trilha quarantine` and `trilha dead-letters`: what waits for a person to decide."""

from uuid import UUID

import rich_click as click

from trilha.application.ports import LetterStatus
from trilha.domain.fleet import MASTER_KINDS
from trilha.domain.telemetry import Settlement, Stream
from trilha.entrypoints.cli.asking import organisation, with_operator
from trilha.entrypoints.cli.output import as_json, show, show_rows, speaks_plainly

_AN_ID = "019b1f5e-7d1c-7c3e-9d5a-4c1f0e2b3a4d"

_all = click.option("--all", "everything", is_flag=True, help="Also those that were decided about.")
_limit = click.option(
    "--limit", type=click.IntRange(1, 500), default=20, show_default=True, help="How many, newest first."
)
_entry = click.argument("entry_id", type=click.UUID, metavar="ID")
_consumer = click.argument("consumer")
_event = click.argument("event_id", type=click.UUID, metavar="EVENT_ID")


@click.group()
def quarantine() -> None:
    """Look at records that could not be understood, and decide about them.

    Example: [cyan]trilha quarantine list[/]
    """


@quarantine.command(name="list")
@click.option("--stream", type=click.Choice([*map(str, Stream), *MASTER_KINDS]), help="Only of this stream or list.")
@_all
@_limit
@organisation
@as_json
@speaks_plainly
def list_quarantine(
    *, stream: str | None, everything: bool, limit: int, organisation: str | None, as_json: bool
) -> None:
    """List records that nobody has decided about.

    Example: [cyan]trilha quarantine list --stream positions[/]
    """
    found = with_operator(organisation, lambda operator: operator.quarantine(stream, limit, everything=everything))
    if as_json:
        show({"quarantine": found}, as_json=True)
        return
    rows = [
        (one.id, one.stream, f"{one.at:%Y-%m-%d %H:%M}", one.settlement or "open", one.reason, one.detail)
        for one in found
    ]
    show_rows(("id", "stream", "came at (UTC)", "status", "reason", "detail"), rows)


@quarantine.command(name="show")
@_entry
@organisation
@as_json
@speaks_plainly
def show_quarantined(*, entry_id: UUID, organisation: str | None, as_json: bool) -> None:
    """Show a record as the source sent it.

    Example: [cyan]trilha quarantine show 019b1f5e-7d1c-7c3e-9d5a-4c1f0e2b3a4d[/]
    """
    show(with_operator(organisation, lambda operator: operator.quarantined(entry_id)), as_json=as_json)


def _settles_quarantine(name: str, settlement: Settlement, text: str) -> None:
    @quarantine.command(name=name, help=f"{text}\n\nExample: [cyan]trilha quarantine {name} {_AN_ID}[/]")
    @_entry
    @organisation
    @as_json
    @speaks_plainly
    def settle(*, entry_id: UUID, organisation: str | None, as_json: bool) -> None:
        show(with_operator(organisation, lambda one: one.settle_quarantine(entry_id, settlement)), as_json=as_json)


_settles_quarantine(
    "replay",
    Settlement.REPLAYED,
    "Read a record once more and bring it in. [cyan]trilha replay raw[/] does so for whole pages.",
)
_settles_quarantine("discard", Settlement.DISCARDED, "Decide that a record is of no use.")


@click.group(name="dead-letters")
def dead_letters() -> None:
    """Look at events that a consumer gave up on, and decide about them.

    Example: [cyan]trilha dead-letters list[/]
    """


@dead_letters.command(name="list")
@_all
@_limit
@organisation
@as_json
@speaks_plainly
def list_dead_letters(*, everything: bool, limit: int, organisation: str | None, as_json: bool) -> None:
    """List events that nobody has decided about.

    Example: [cyan]trilha dead-letters list --all[/]
    """
    found = with_operator(organisation, lambda operator: operator.dead_letters(limit, everything=everything))
    if as_json:
        show({"dead_letters": found}, as_json=True)
        return
    rows = [
        (one.consumer, one.event_id, f"{one.failed_at:%Y-%m-%d %H:%M}", one.status, one.attempts, one.error)
        for one in found
    ]
    show_rows(("consumer", "event id", "failed at (UTC)", "status", "tries", "error"), rows)


@dead_letters.command(name="show")
@_consumer
@_event
@organisation
@as_json
@speaks_plainly
def show_dead_letter(*, consumer: str, event_id: UUID, organisation: str | None, as_json: bool) -> None:
    """Show an event with all that is in it.

    Example: [cyan]trilha dead-letters show telemetry-throughput 019b1f5e-7d1c-7c3e-9d5a-4c1f0e2b3a4d[/]
    """
    show(with_operator(organisation, lambda operator: operator.dead_letter(consumer, event_id)), as_json=as_json)


def _settles_dead_letter(name: str, status: LetterStatus, text: str) -> None:
    example = f"trilha dead-letters {name} telemetry-throughput {_AN_ID}"

    @dead_letters.command(name=name, help=f"{text}\n\nExample: [cyan]{example}[/]")
    @_consumer
    @_event
    @organisation
    @as_json
    @speaks_plainly
    def settle(*, consumer: str, event_id: UUID, organisation: str | None, as_json: bool) -> None:
        settled = with_operator(organisation, lambda one: one.settle_dead_letter(consumer, event_id, status))
        show(settled, as_json=as_json)


_settles_dead_letter(
    "replay", LetterStatus.REQUESTED, "Have a worker hand an event to its consumer once more, within seconds."
)
_settles_dead_letter("discard", LetterStatus.DISCARDED, "Decide that an event need not be digested.")
