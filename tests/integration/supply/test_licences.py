"""The table of licences is what the recorded packages say of themselves."""

from __future__ import annotations

import re

from scripts import write_licences

# A licence of another kind is for a person to look at before its package comes in.
LOOKED_AT = {
    *("Apache-2.0", "BSD", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT", "MIT-0", "PSF-2.0"),
    *("LGPL-3.0-only", "MPL-2.0", "ZPL-2.1"),
    "GPL-3.0",  # of hadolint, which `make lint` runs as a program of its own and nothing links
}
DOCUMENT = write_licences.DOCUMENT.read_text()


def test_the_table_is_what_the_installed_packages_say() -> None:
    assert write_licences.document(DOCUMENT) == DOCUMENT, "not current: `make licences` writes it"


def test_every_recorded_package_has_a_licence_that_somebody_looked_at() -> None:
    rows = re.findall(r"^\| (\S+) \| (.+) \| (?:product|workshop) \|$", DOCUMENT, re.M)
    assert [package for package, _ in rows] == write_licences.packages("requirements-dev.txt")
    words = " OR ".join(licence for _, licence in rows)
    assert set(re.split(r" AND | OR ", words)) - LOOKED_AT == set()


def test_production_is_told_from_the_workshop() -> None:
    rows = re.findall(r"^\| (\S+) \| .+ \| product \|$", DOCUMENT, re.M)
    assert rows == write_licences.packages("requirements.txt")
