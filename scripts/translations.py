"""Brings the Spanish catalogue up to date with the texts in the code; then it is a person's turn.

New texts are added without a translation, and those that are no more are taken out. Nothing is
guessed: a text that changed is a new one.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po
from typer.main import get_command

from pincali_sync.cli.app import app
from pincali_sync.cli.help import reword
from pincali_sync.language import CATALOGUE

PACKAGE = Path(__file__).parents[1] / "pincali_sync"
PATH = PACKAGE / CATALOGUE
_METHODS = [("**.py", "python"), ("**/templates/**", "jinja2")]
_TEMPLATES = {"trimmed": "true", "newstyle_gettext": "true", "silent": "false"}
# No dates and no names: two who add texts do not contradict each other.
_HEADER = r"""# The Spanish of Mexico. `make translations` adds what is new in the code.
msgid ""
msgstr ""
"Language: es_MX\n"
"MIME-Version: 1.0\n"
"Content-Type: text/plain; charset=utf-8\n"
"Content-Transfer-Encoding: 8bit\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\n"

"""
_KEYWORDS = {"_": None, "N_": None, "gettext": None, "ngettext": (1, 2)}


def extracted() -> Catalog:
    """Every text in the code that people read in their language."""
    catalog = Catalog()
    found = extract_from_dir(PACKAGE, _METHODS, {"**/templates/**": _TEMPLATES}, keywords=_KEYWORDS)
    for _, _, message, _, context in found:
        catalog.add(message, context=context)
    reword(_command(), lambda text: str(catalog.add(text).id))
    return catalog


def _command() -> Any:
    """`pincali-sync` without the workshop's commands, whose help is for developers."""
    command: Any = get_command(app)
    command.commands = {
        name: each
        for name, each in command.commands.items()
        if each.rich_help_panel != "Try it out"
    }
    return command


def stored() -> Catalog:
    """The catalogue as it stands in the package."""
    with PATH.open("rb") as file:
        return read_po(file)


def main() -> None:
    """Writes the catalogue, and names what waits for a translation."""
    old, new = stored(), extracted()
    catalog = Catalog(charset="utf-8")
    for message in new:
        if message.id:
            known = old.get(message.id)
            catalog.add(message.id, known.string if known else "", flags=message.flags)
    with PATH.open("wb") as file:
        file.write(_HEADER.encode())
        write_po(file, catalog, width=100, sort_output=True, no_location=True, omit_header=True)
    waiting = [each.id for each in catalog if each.id and not _is_translated(each.string)]
    for each in waiting:
        print(each)
    sys.exit(f"{len(waiting)} wait for a translation in {PATH}" if waiting else 0)


def _is_translated(string: str | Sequence[str] | None) -> bool:
    return all(string or [""])


if __name__ == "__main__":
    main()
