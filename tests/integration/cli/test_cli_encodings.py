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

pytestmark = pytest.mark.slow
TITLE = "Casa bonita \N{HOUSE BUILDING} - árbol"


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
