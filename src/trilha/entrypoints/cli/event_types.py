"""`trilha event-types`: what events mean to the organisation."""

import rich_click as click

from trilha.domain.fleet import Classification
from trilha.domain.kernel import EventTypeId
from trilha.entrypoints.cli.asking import NEGATIVE_IDS, SOURCE_ID, organisation, with_operator
from trilha.entrypoints.cli.output import as_json, show, show_rows, speaks_plainly

_WORDS = [word.value for word in Classification]
_STOCK = "stock"


@click.group(name="event-types")
def event_types() -> None:
    """See what event types mean to the organisation, and change it. Reports follow at once.

    Example: [cyan]trilha event-types list --classification unclassified[/]
    """


@event_types.command(name="list")
@click.option("--classification", type=click.Choice(_WORDS), help="Only those that mean this.")
@organisation
@as_json
@speaks_plainly
def list_(*, classification: str | None, organisation: str | None, as_json: bool) -> None:
    """List event types with their classification.

    Example: [cyan]trilha event-types list --classification driving_infraction[/]
    """
    wanted = None if classification is None else Classification(classification)
    found = with_operator(organisation, lambda operator: operator.event_types(wanted))
    if as_json:
        show({"event_types": found}, as_json=True)
        return
    rows = [(one.id, one.classification, "yes" if one.active else "no", one.description) for one in found]
    show_rows(("id", "classification", "active", "description"), rows)


@event_types.command(context_settings=NEGATIVE_IDS)
@click.argument("event_type_id", type=SOURCE_ID, metavar="ID")
@click.argument("classification", type=click.Choice([*_WORDS, _STOCK]))
@click.option("--reason", help="Why, for the history; 500 characters at most.")
@organisation
@as_json
@speaks_plainly
def classify(
    *, event_type_id: int, classification: str, reason: str | None, organisation: str | None, as_json: bool
) -> None:
    """Say what an event type means; [cyan]stock[/] goes back to the built-in table.

    Example: [cyan]trilha event-types classify -3393530750645328945 driving_infraction --reason "agreed with HR"[/]
    """
    word = None if classification == _STOCK else Classification(classification)
    view = with_operator(organisation, lambda one: one.classify(EventTypeId(event_type_id), word, reason))
    show(view, as_json=as_json)


@event_types.command(context_settings=NEGATIVE_IDS)
@click.argument("event_type_id", type=SOURCE_ID, required=False, metavar="[ID]")
@click.option("--limit", type=click.IntRange(1, 500), default=20, show_default=True, help="How many, newest first.")
@organisation
@as_json
@speaks_plainly
def history(*, event_type_id: int | None, limit: int, organisation: str | None, as_json: bool) -> None:
    """List who changed what an event type means, and when; of all types where none is named.

    Example: [cyan]trilha event-types history --limit 50[/]
    """
    named = None if event_type_id is None else EventTypeId(event_type_id)
    found = with_operator(organisation, lambda operator: operator.classification_changes(named, limit))
    if as_json:
        show({"changes": found}, as_json=True)
        return
    rows = [
        (f"{one.changed_at:%Y-%m-%d %H:%M}", one.event_type_id, one.before, one.after, one.changed_by, one.reason)
        for one in found
    ]
    show_rows(("changed at (UTC)", "event type", "before", "after", "by", "reason"), rows)
