"""`pincali-sync logs ID`: the end of what a run's jobs wrote, wherever they ran."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from pincali_sync.bootstrap import Services, build_log_reader
from pincali_sync.cli.asking import ask
from pincali_sync.cli.output import JsonOption, echo, print_json
from pincali_sync.exceptions import ExitStatus, RunnerError
from pincali_sync.language import _
from pincali_sync.services.runs.job_logs import JobLog, read_log


def logs(
    run: Annotated[
        str, typer.Argument(metavar="ID", help="A run's or a job's id, or how it begins.")
    ],
    lines: Annotated[int, typer.Option(min=1, max=2_000, help="Of each job, at most.")] = 50,
    as_json: JsonOption = False,
) -> None:
    """Show the end of the log of each job of a run, or of one job."""
    found = ask(lambda services: _read(services, run, lines))
    if as_json:
        print_json(found)
    else:
        for each in found:
            _print(each)
    if not found:
        echo(_("No job was started."), err=True)
    if not any(each["log"] for each in found):
        raise typer.Exit(ExitStatus.FAILED)


async def _read(services: Services, name: str, lines: int) -> list[dict[str, Any]]:
    found = []
    for job in await services.insights.jobs_of(name):
        of_job = {"job": job.id, "spider": job.spider, "source": job.source, "status": job.status}
        log, error = None, None
        try:
            log = await read_log(build_log_reader(services.config, job.node), job, lines)
        except RunnerError as fault:
            error = str(fault)
        found.append({**of_job, "log": log, "error": error})
    return found


def _print(found: Mapping[str, Any]) -> None:
    log: JobLog | None = found["log"]
    what = f"{found['spider']} {found['source'] or ''}".strip()
    echo(f"==> {found['job']} {what}, {found['status']}: {log.place if log else found['error']}")
    for line in log.lines if log else ():
        echo(line)
