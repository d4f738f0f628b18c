"""`pincali-sync forget`: one person's data found and deleted, or all agents' data."""

from __future__ import annotations

from typing import Annotated

import typer

from pincali_sync.bootstrap import Services
from pincali_sync.cli.asking import ask
from pincali_sync.cli.output import JsonOption, echo, print_json, print_records, print_table
from pincali_sync.domain.people import Person
from pincali_sync.exceptions import UsageError
from pincali_sync.language import _
from pincali_sync.services.people.personal_data import Found

_PERSON = typer.Argument(metavar="PERSON", help="A whole name, a telephone number or an e-mail.")


def forget(
    person: Annotated[str | None, _PERSON] = None,
    everyone: Annotated[bool, typer.Option("--everyone", help="All agents' data.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Delete; without it, only look.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Find one person's data, or delete them and keep them out of what is read later."""
    if (person is None) is not everyone:
        raise UsageError(_("name one PERSON, or say --everyone"))
    if person is None:
        _forget_everyone(yes=yes, as_json=as_json)
        return
    wanted = Person.parse(person)

    async def work(services: Services) -> Found:
        people = services.people
        return await (people.forget(wanted) if yes else people.look_for(wanted))

    found = ask(work)
    if as_json:
        print_json({"deleted": yes, "rows": found.rows, "shown_as": found.shown_as})
        return
    _show(found)
    if yes:
        echo("Deleted, and kept out of what is read from now on.")
    elif found.total:
        echo("Nothing was changed. With --yes it is deleted.")


def _show(found: Found) -> None:
    if found.shown_as:
        columns = {
            "agent": "agent_name",
            "phone": "agent_phone",
            "e-mail": "agent_email",
            "agency": "agency_name",
            "listings": "listings",
        }
        print_records("Shown as", columns, found.shown_as)
    print_table("Rows that name this person", ("table", "rows"), list(found.rows.items()))


def _forget_everyone(*, yes: bool, as_json: bool) -> None:
    if not yes:
        raise UsageError("--everyone clears all agents' data at once: say --yes, too")

    async def work(services: Services) -> dict[str, int]:
        if services.config.store_agent_data:
            raise UsageError("set STORE_AGENT_DATA=0 first: the next pages would bring all back")
        return await services.people.clear_everything()

    rows = ask(work)
    if as_json:
        print_json({"deleted": True, "rows": rows})
    else:
        print_table("Rows that were cleared", ("table", "rows"), list(rows.items()))
