"""Conversations with Scrapyd, recorded from a real one.

`python -m tests.support.scrapyd` records them again.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
import tempfile
from base64 import b64encode
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import requests
from betamax import Betamax
from pincali_workshop.stack.scrapyd import ScrapydNode

from pincali_sync.exceptions import RunnerError
from pincali_sync.runner.scrapyd import ScrapydJobRunner
from pincali_sync.services.ports import JobSpec

CASSETTES = Path(__file__).parents[1] / "cassettes"
PORT = 6899
NODE = f"http://127.0.0.1:{PORT}"
JOB = UUID("6f0c2a52-9d1c-4b52-8a40-0d1f5f3f7a11")
UNKNOWN_JOB = UUID("00000000-0000-4000-8000-000000000000")
SPEC = JobSpec(
    job_id=JOB,
    spider="manifest",
    arguments={"tier": "1", "source": "sale"},
    settings={"MANIFEST_MAX_PAGES": "10"},
)
MISSPELT = JobSpec(job_id=JOB, spider="manifesto")
USER, PASSWORD = "operator", "invented"

WRONG_PASSWORD = "wrong"

with Betamax.configure() as configuration:
    for password in (PASSWORD, WRONG_PASSWORD):
        configuration.define_cassette_placeholder(
            "<AUTHORIZATION>", b64encode(f"{USER}:{password}".encode()).decode()
        )

Scene = Callable[[ScrapydJobRunner], Awaitable[Any]]

# Each scene is one cassette: what a runner says to a node, in order.
SCENES: dict[str, Scene] = {
    "look": lambda runner: runner.look(),
    "look-without-project": lambda runner: runner.look(),
    "start": lambda runner: runner.start(SPEC, NODE),
    "start-unknown-spider": lambda runner: runner.start(MISSPELT, NODE),
    "cancel": lambda runner: runner.cancel(JOB, NODE),
    "cancel-unknown": lambda runner: runner.cancel(UNKNOWN_JOB, NODE),
    "wrong-password": lambda runner: runner.look(),
}


def runner_on(session: requests.Session, scene: str) -> ScrapydJobRunner:
    """A runner that talks over the session; one scene's password is wrong."""
    password = WRONG_PASSWORD if scene == "wrong-password" else PASSWORD
    return ScrapydJobRunner((NODE,), credentials=lambda _: (USER, password), session=session)


def cassette(session: requests.Session, scene: str, record: str = "none") -> Betamax:
    """The recorder of a scene; nothing is sent to a network unless it records."""
    player = Betamax(session, cassette_library_dir=str(CASSETTES))
    return player.use_cassette(
        f"scrapyd-{scene}", record=record, match_requests_on=["method", "uri", "body"]
    )


def _record(scene: str, folder: Path) -> None:
    node = ScrapydNode(
        folder / scene,
        port=PORT,
        max_proc=1,
        username=USER,
        password=PASSWORD,
        project=scene != "look-without-project",
    )
    node.start({"PINCALI_HOME": str(folder), "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/no"})
    try:
        session = requests.Session()
        with cassette(session, scene, record="all"), contextlib.suppress(RunnerError):
            asyncio.run(_play(SCENES[scene], runner_on(session, scene)))
    finally:
        node.stop()


async def _play(scene: Scene, runner: ScrapydJobRunner) -> None:
    await scene(runner)


if __name__ == "__main__":
    with contextlib.suppress(FileExistsError):
        CASSETTES.mkdir()
    with tempfile.TemporaryDirectory() as recordings:
        for name in SCENES:
            _record(name, Path(recordings))
    sys.exit(0)
