"""Writes the table of `docs/licences.md` from what the installed packages say of themselves."""

from __future__ import annotations

import re
from importlib.metadata import metadata
from pathlib import Path

ROOT = Path(__file__).parents[1]
DOCUMENT = ROOT / "docs" / "licences.md"
TABLE_BEGINS = "<!-- `make licences` writes this table -->\n"
TABLE_ENDS = "<!-- end of the table -->\n"

# Before there was a field for SPDX's names, everybody wrote their own.
_SPDX = {
    "Apache 2.0": "Apache-2.0",
    "Apache License, Version 2.0": "Apache-2.0",
    "Apache": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "BSD 2-Clause License": "BSD-2-Clause",
    "BSD License": "BSD",
    "ISC License": "ISC",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "PSFL": "PSF-2.0",
}


def document(text: str) -> str:
    """The document with the table as it should be."""
    before, _, rest = text.partition(TABLE_BEGINS)
    _, _, after = rest.partition(TABLE_ENDS)
    return before + TABLE_BEGINS + _table() + TABLE_ENDS + after


def licence(package: str) -> str:
    """The licence by its SPDX name where the package has one, else in the package's words."""
    said = metadata(package)
    names: list[str] = said.get_all("License-Expression", [])
    # Some put the whole text into the older field.
    older: list[str] = said.get_all("License", [])
    names += [each for each in older if each and "\n" not in each and each != "UNKNOWN"]
    classifiers: list[str] = said.get_all("Classifier", [])
    names += [each.rpartition(" :: ")[2] for each in classifiers if each.startswith("License ::")]
    return _SPDX.get(names[0], names[0])


def packages(name: str) -> list[str]:
    """What one of the files of recorded versions holds."""
    return re.findall(r"^([a-z0-9-]+)==", (ROOT / name).read_text(), re.M)


def _table() -> str:
    production = set(packages("requirements.txt"))
    rows = [
        f"| {name} | {licence(name)} | {'product' if name in production else 'workshop'} |\n"
        for name in packages("requirements-dev.txt")
    ]
    return "| package | licence | where |\n|---|---|---|\n" + "".join(rows)


def main() -> None:
    """Writes the document."""
    DOCUMENT.write_text(document(DOCUMENT.read_text()))


if __name__ == "__main__":
    main()
