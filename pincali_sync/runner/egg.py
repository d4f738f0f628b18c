"""This installation's code as the egg that Scrapyd nodes are given, and the version it goes by.

An egg is a ZIP of the package with its metadata: nothing is built, so an installation without its
sources can send itself.
"""

from __future__ import annotations

import hashlib
import io
import re
from functools import cache
from importlib.metadata import version as installed_version
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

_PACKAGE = Path(__file__).resolve().parents[1]
_HASH_LETTERS = 12
_ENTRY_POINTS = f"[scrapy]\nsettings = {_PACKAGE.name}.settings\n"


@cache
def code_version() -> str:
    """The release and a hash of each file's name and content, of letters that file names and image
    tags may have, such as `0_1_0-3f9a0c12d4e1`: the same code has the same, wherever it is."""
    content = hashlib.sha256()
    for path in _files():
        piece = path.read_bytes()
        content.update(f"{_name_of(path)}\n{len(piece)}\n".encode() + piece)
    release = re.sub(r"[^A-Za-z0-9]", "_", installed_version("pincali-sync"))
    return f"{release}-{content.hexdigest()[:_HASH_LETTERS]}"


def build_egg() -> bytes:
    """The package as an egg."""
    metadata = f"Metadata-Version: 1.0\nName: pincali-sync\nVersion: {code_version()}\n"
    egg = io.BytesIO()
    with ZipFile(egg, "w", ZIP_DEFLATED) as archive:
        for path in _files():
            archive.writestr(ZipInfo(_name_of(path)), path.read_bytes(), ZIP_DEFLATED)
        archive.writestr("EGG-INFO/PKG-INFO", metadata)
        archive.writestr("EGG-INFO/entry_points.txt", _ENTRY_POINTS)
    return egg.getvalue()


def _files() -> list[Path]:
    found = (path for path in _PACKAGE.rglob("*") if path.is_file())
    return sorted(path for path in found if path.parent.name != "__pycache__")


def _name_of(path: Path) -> str:
    return path.relative_to(_PACKAGE.parent).as_posix()
