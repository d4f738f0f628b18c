"""Whatever the terminal's encoding, commands say all that they have to say."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from pincali_sync.db.engine import Database
from tests.support.builders import add_live
from tests.support.cli import say

pytestmark = pytest.mark.slow
TITLE = "Casa bonita \N{HOUSE BUILDING} - árbol"
NO_UTF_8 = os.fsdecode(b"M\xe9rida")


@pytest.fixture
async def _a_title_of_many_signs(db: Database) -> None:
    await add_live(db, "house", title=TITLE)


def _listings(database_url: str, home: Path, encoding: str, *words: str) -> bytes:
    ran = subprocess.run(
        [sys.executable, "-m", "pincali_sync.cli", "listings", *words],
        env={
            **os.environ,
            "DATABASE_URL": database_url,
            "PINCALI_HOME": str(home),
            "PYTHONIOENCODING": encoding,
        },
        capture_output=True,
        check=False,
    )
    assert (ran.returncode, ran.stderr) == (0, b"")
    return ran.stdout


@pytest.mark.usefixtures("_a_title_of_many_signs")
@pytest.mark.parametrize(
    ("encoding", "shown"),
    [
        ("latin-1", "Casa bonita \\U0001f3e0 - árbol"),
        ("latin-1:strict", "Casa bonita \\U0001f3e0 - árbol"),
        ("utf-8", TITLE),
    ],
)
def test_what_an_encoding_lacks_is_written_out(
    database_url: str, tmp_path: Path, encoding: str, shown: str
) -> None:
    codec = encoding.partition(":")[0]
    assert shown in _listings(database_url, tmp_path, encoding).decode(codec)
    said = _listings(database_url, tmp_path, encoding, "--json").decode(codec)
    assert TITLE in {each["title"] for each in json.loads(said)["listings"]}


@pytest.mark.parametrize(
    "words",
    [("explain", NO_UTF_8), ("today", "--city", NO_UTF_8), ("pause", "--reason", NO_UTF_8)],
)
def test_what_is_typed_in_another_encoding_is_refused_in_one_line(
    database_url: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: tuple[str, ...],
) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)
    status, _, told = say(capsys, *words)
    assert (status, told) == (2, "pincali-sync: 'M\\udce9rida' is not UTF-8: type it in UTF-8\n")


def test_a_file_may_have_a_name_in_another_encoding(
    database_url: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)
    file = tmp_path / f"{NO_UTF_8}.csv"
    for more in ((), ("--json",)):
        words = ("export", "--format", "csv", "--output", str(file), *more)
        assert say(capsys, *words)[0] == 0
    assert file.read_text("utf-8-sig").startswith("property_id,")
