"""Programs that fork while they read: pre-fork servers, daemons, workers."""

from __future__ import annotations

import subprocess
import sys

import pytest

from pincali_sync.db.engine import Database
from tests.support.builders import add_live, rows

pytestmark = pytest.mark.slow

READING = """
import os, sys, time, pincali_sync
reading = pincali_sync.{reading}
next(reading)
child = os.fork()
if child == 0:
    {child}
    sys.exit(0)
for _ in range(200):
    ended, status = os.waitpid(child, os.WNOHANG)
    if ended:
        break
    time.sleep(0.1)
else:
    os.kill(child, 9)
    os.waitpid(child, 0)
    sys.exit("the child hangs")
print("rest:", len(list(reading)), "child:", status)
"""


@pytest.fixture(autouse=True)
async def filled(db: Database, database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three listings; a change of each."""
    monkeypatch.setenv("DATABASE_URL", database_url)
    for name in ("house", "flat", "lot"):
        await add_live(db, name)
    await rows(
        db,
        """INSERT INTO property_changes (property_id, change_type)
           SELECT property_id, 'created' FROM properties_live""",
    )


def output(
    reading: str,
    child: str = "pass",
) -> str:
    script = READING.format(reading=reading, child=child)
    ran = subprocess.run(
        [sys.executable, "-c", script],
        check=False,
        timeout=90,
        capture_output=True,
        text=True,
    )
    return ran.stdout + ran.stderr


@pytest.mark.parametrize("reading", ["listings()", "changes()"])
@pytest.mark.parametrize("child", ["pass", "del reading", "reading.close()"])
def test_the_child_ends_and_the_parent_reads_on(reading: str, child: str) -> None:
    assert output(reading, child) == "rest: 2 child: 0\n"


def test_the_child_is_told_to_begin_anew_and_can() -> None:
    child = (
        "try: next(reading)\n"
        "    except pincali_sync.UsageError as error: print(error, flush=True)\n"
        "    print('anew:', len(list(pincali_sync.listings())), flush=True)"
    )
    assert output("listings()", child) == (
        "begun before a fork: begin anew in the process that reads\nanew: 3\nrest: 2 child: 0\n"
    )
