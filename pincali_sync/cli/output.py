"""Tables for people, JSON for machines: all that commands print goes through here."""

from __future__ import annotations

import dataclasses
import json
import re
import sys
import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from io import TextIOWrapper
from typing import Annotated, Any

import typer
from pydantic import BaseModel
from rich.box import SIMPLE_HEAD
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table

from pincali_sync.domain.names import words
from pincali_sync.domain.tiers import Tier
from pincali_sync.language import ENGLISH, _, speaking
from pincali_sync.moments import instant, shown_zone
from pincali_sync.visible import visible

Field = str | Callable[[Any], Any]  # of a record: by its name, or made from the whole
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]
# More than anybody reads; what is beyond PostgreSQL's numbers would end in its own words.
LimitOption = Annotated[int, typer.Option(min=1, max=10_000, help="How many at most.")]


class Name(str):
    """A name of the program in a table: a program reads it as it is, people read it in words."""

    __slots__ = ()


console = Console(markup=False, emoji=False)  # a title that says [/x] or :house: says just that
_NOTHING = "-"
_BETWEEN = 2  # characters from column to column
_UNSEEN = re.compile(r"[^\x20-\x7e\n]")


def write_any_text() -> None:
    r"""What the terminal's encoding lacks is written out, as `\u0159` is, and breaks no command."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def tier_option(help_text: str) -> Any:
    """`--tier N`: one of the four tiers."""
    return typer.Option(metavar="N", parser=Tier.parse, help=help_text)


def echo(text: object, *, err: bool = False) -> None:
    """One line for people, whatever the text is."""
    typer.echo(visible(str(text)), err=err)


def print_json(value: Any) -> None:
    """One JSON document on standard output; what would not be seen in it, or has no place in its
    encoding, is escaped."""
    document = json.dumps(value, default=_plain, ensure_ascii=False, indent=1)
    print(_UNSEEN.sub(_escaped, document))


def print_json_line(value: Any) -> None:
    """One line of NDJSON, in ASCII: no character in it ends a line or moves a cursor."""
    print(json.dumps(value, default=_plain))


def say(value: Any, text: str, *, as_json: bool) -> None:
    """One line for people, or the value for machines."""
    if as_json:
        print_json(value)
    else:
        echo(text)


def show_records(
    title: str, columns: Mapping[str, Field], records: Sequence[Any], *, as_json: bool
) -> None:
    """A table of records for people, or all that they hold for machines."""
    if as_json:
        print_json(records)
    else:
        print_records(title, columns, records)


def print_records(title: str, columns: Mapping[str, Field], records: Iterable[Any]) -> None:
    """A table of records: under each heading one of their fields."""
    print_table(title, tuple(columns), rows_of(columns, records))


def rows_of(columns: Mapping[str, Field], records: Iterable[Any]) -> Iterator[list[Any]]:
    """Of each record the fields that the columns show, when they are wanted."""
    for record in records:
        yield [field_of(record, field) for field in columns.values()]


def print_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """A table for whoever looks at it in a terminal; for a program that reads it, lines of values
    between tabs below one of headings, whole and as they are, in English."""
    if console.is_terminal:
        draw_table(title, columns, rows)
        return
    with speaking(ENGLISH):
        for line in (columns, *rows):
            print("\t".join(map(_tabbed, line)))


def print_facts(title: str, facts: Mapping[str, Any]) -> None:
    """Names and values, a line each; a URL or a path stays whole, to be copied."""
    if not console.is_terminal:
        for pair in facts.items():
            print("\t".join(map(_tabbed, pair)))
        return
    echo(title)
    said = {_heading(name): value for name, value in facts.items()}
    width = max(map(len, said))
    for name, value in said.items():
        echo(f"  {name:<{width}}  {_cell(value)}")
    console.print()


def draw_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """A table, numbers to the right; in a terminal too narrow for it, a paragraph for each row.

    One without rows is not drawn: a line says so. Headings are those of the catalogue.
    """
    rows, columns = [list(row) for row in rows], list(map(_heading, columns))
    if not rows:
        echo(_("%(title)s: none.", title=title))
        return
    shown = [[_cell(value) for value in row] for row in rows]
    widths = _widths([columns, *shown])
    if sum(widths) + _BETWEEN * (len(widths) - 1) > console.width:
        _print_paragraphs(title, columns, shown)
        return
    table = Table(
        title=visible(title),
        title_justify="left",
        title_style="bold",
        box=SIMPLE_HEAD,
        show_edge=False,
        pad_edge=False,
        padding=(0, 1, 0, 0),
    )
    for index, (column, width) in enumerate(zip(columns, widths, strict=True)):
        values = [row[index] for row in rows if row[index] is not None]
        numeric = bool(values) and all(isinstance(value, int | float) for value in values)
        table.add_column(column, justify="right" if numeric else "left", width=width)
    for cells in shown:
        table.add_row(*cells)
    console.print(table)
    console.print()


def _heading(name: str) -> str:
    said = _(name)
    return said if said != name else words(name)


def _widths(lines: Sequence[Sequence[str]]) -> list[int]:
    """Of each column what its longest word needs; as many as there is room for, unbroken.

    The first column names the row: it is there to be copied, and is not broken at all.
    """
    whole = [max(map(cell_len, cells)) for cells in zip(*lines, strict=True)]
    words = [
        max(cell_len(word) for cell in cells for word in cell.split(" "))
        for cells in zip(*lines, strict=True)
    ]
    widths = [*whole[:1], *words[1:]]
    room = console.width - sum(widths) - _BETWEEN * (len(widths) - 1)
    wanted = [most - least for most, least in zip(whole, widths, strict=True)]
    for index in sorted(range(len(widths)), key=wanted.__getitem__):
        more = max(0, min(room, wanted[index]))
        widths[index] += more
        room -= more
    return widths


def _print_paragraphs(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Of each row the first cell on a line of its own; what is not there is not told."""
    echo(title)
    for name, *cells in rows:
        echo(name)
        told = [
            f"{column} {cell}"
            for column, cell in zip(columns[1:], cells, strict=True)
            if cell not in {"", _NOTHING}
        ]
        echo_wrapped("; ".join(told), first="  ", below="  ")
    console.print()


def echo_wrapped(text: str, *, first: str = "", below: str = "") -> None:
    """Lines of the terminal's width; names and statements in them stay whole, to be copied.

    Elsewhere it is one line.
    """
    if not console.is_terminal:
        echo(first + text)
        return
    lines = textwrap.wrap(
        text,
        console.width,
        initial_indent=first,
        subsequent_indent=below,
        break_long_words=False,
        break_on_hyphens=False,
    )
    for line in lines:
        echo(line)


def field_of(record: Any, field: Field) -> Any:
    """What a column shows of a record."""
    if callable(field):
        return field(record)
    return record[field] if isinstance(record, Mapping) else getattr(record, field)


def _cell(value: Any) -> str:
    if value is None:
        return _NOTHING
    if isinstance(value, datetime):
        return instant(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    if isinstance(value, Name):
        return words(value)
    return visible(str(value))


def _tabbed(value: Any) -> str:
    """A value between tabs: nothing for None, and no more than the one line."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.astimezone(shown_zone()).isoformat(timespec="seconds")
    return visible(str(value))


def _escaped(found: re.Match[str]) -> str:
    character = found[0]
    is_shown = visible(character) == character and _is_known(character)
    return character if is_shown else json.dumps(character)[1:-1]


def _is_known(character: str) -> bool:
    try:
        character.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _plain(value: Any) -> Any:
    """What JSON does not know, as it knows it."""
    if isinstance(value, BaseModel):
        return value.model_dump(exclude_unset=True)
    if dataclasses.is_dataclass(value):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Decimal):
        return float(value)
    return value.isoformat() if isinstance(value, date) else str(value)
