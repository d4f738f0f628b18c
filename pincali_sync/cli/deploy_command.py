"""The command that gives nodes their code."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import typer

from pincali_sync.bootstrap import build_scrapyd_runner
from pincali_sync.cli.output import JsonOption, echo, print_json
from pincali_sync.config import load_config
from pincali_sync.exceptions import ExitStatus, RunnerError, UsageError
from pincali_sync.runner.egg import code_version

if TYPE_CHECKING:
    from pincali_sync.runner.scrapyd import ScrapydJobRunner


def deploy(as_json: JsonOption = False) -> None:
    """Send the code of this installation to every node of SCRAPYD_URLS."""
    config = load_config()
    if config.runs_locally:
        raise UsageError("SCRAPYD_URLS=local: jobs run this installation, nothing is deployed")
    outcomes = asyncio.run(_deploy(build_scrapyd_runner(config)))
    if as_json:
        nodes = {node: str(outcome) for node, outcome in outcomes.items()}
        print_json({"version": code_version(), "nodes": nodes})
    failed = [each for each in outcomes.values() if isinstance(each, RunnerError)]
    for node, outcome in outcomes.items():
        if isinstance(outcome, RunnerError):
            echo(outcome, err=True)
        elif not as_json:
            echo(f"{node} {outcome}")
    raise typer.Exit(ExitStatus.FAILED if failed else ExitStatus.DONE)


async def _deploy(runner: ScrapydJobRunner) -> dict[str, str | RunnerError]:
    """What became of it on each node; all are tried, also after one that fails."""

    async def outcome_on(node: str) -> str | RunnerError:
        try:
            return await runner.deploy(node)
        except RunnerError as error:
            return error

    outcomes = await asyncio.gather(*map(outcome_on, runner.nodes))
    return dict(zip(runner.nodes, outcomes, strict=True))
