"""Spider jobs as detached processes on this machine, without Scrapyd."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path
from uuid import UUID

from pincali_sync.config import Config
from pincali_sync.exceptions import RunnerError
from pincali_sync.files import open_private, private_folder, write_private
from pincali_sync.services.ports import JobSpec, NodeLook
from pincali_sync.variables import LOCAL_RUNNER


class LocalJobRunner:
    """Starts `scrapy crawl` in a session of its own: it outlives the process that started it.

    A job's output goes to `<home>/logs/jobs/<job id>.log`, its process id to `<job id>.pid`.
    """

    def __init__(self, config: Config) -> None:
        self._folder = config.home / "logs" / "jobs"

    async def look(self) -> tuple[NodeLook]:
        """This machine alone; it objects when the log folder cannot be written."""
        try:
            self._check()
        except RunnerError as error:
            return (NodeLook(node=LOCAL_RUNNER, objection=str(error)),)
        return (NodeLook(node=LOCAL_RUNNER),)

    def _check(self) -> None:
        try:
            private_folder(self._folder)
        except OSError as error:
            raise RunnerError(
                f"jobs cannot be logged to {self._folder} ({error.strerror}): correct PINCALI_HOME"
            ) from error

    async def start(self, spec: JobSpec, node: str) -> None:
        """Starts a process for the job."""
        self._check()
        await asyncio.to_thread(self._spawn, spec)

    async def is_in_line(self, job_id: UUID, node: str) -> bool:
        """Never: each begins at once."""
        return False

    async def cancel(self, job_id: UUID, node: str) -> None:
        """Asks the job's process to stop."""
        await asyncio.to_thread(self._terminate, job_id)

    async def run(self, spec: JobSpec) -> int:
        """Runs a job to its end and returns its exit status."""
        self._check()
        with open_private(self.log_of(spec.job_id), "ab") as log:
            process = await asyncio.create_subprocess_exec(
                *_command(spec),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # a terminal's Ctrl-C reaches it by way of us, once
                env=_environment(),
            )
        try:
            return await process.wait()
        except asyncio.CancelledError:  # who waits is told to end: so is the job
            if process.returncode is None:
                process.terminate()
            await process.wait()
            raise

    def where_logged(self, spider: str, job_id: UUID, node: str) -> str:
        """The path of a job's output."""
        return str(self.log_of(job_id))

    async def end_of_log(self, spider: str, job_id: UUID, node: str, *, most: int) -> bytes:
        """The last bytes of a job's output."""
        return await asyncio.to_thread(self._end_of, self.log_of(job_id), most)

    def _end_of(self, log: Path, most: int) -> bytes:
        try:
            with open_private(log, "rb") as file:
                file.seek(max(0, log.stat().st_size - most))
                end: bytes = file.read(most)
                return end
        except OSError as error:
            raise RunnerError(
                f"{log} cannot be read ({error.strerror}): it was deleted, or the job ran on "
                "another machine or with another PINCALI_HOME"
            ) from error

    def log_of(self, job_id: UUID) -> Path:
        """Where a job's output goes."""
        return self._path(job_id, "log")

    def left_behind(self) -> list[Path]:
        """Files with the process id of a job whose process is no more."""
        written = [(path, path.read_text().strip()) for path in sorted(self._folder.glob("*.pid"))]
        return [
            path
            for path, pid in written
            if not (pid.isdigit() and _is_job(int(pid), UUID(path.stem)))
        ]

    def _spawn(self, spec: JobSpec) -> None:
        try:
            with open_private(self.log_of(spec.job_id), "ab") as log:
                process = subprocess.Popen(
                    _command(spec),
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                    env=_environment(),
                )
        except OSError as error:
            raise RunnerError(f"a spider process could not be started: {error}") from error
        try:
            write_private(self._path(spec.job_id, "pid"), str(process.pid))
        except OSError as error:
            process.terminate()  # nobody could stop it later
            raise RunnerError(
                f"a spider process was stopped, as its id could not be noted: {error}"
            ) from error

    def _terminate(self, job_id: UUID) -> None:
        path = self._path(job_id, "pid")
        try:
            pid = path.read_text().strip()
            path.unlink()
            # A process id may have been given to somebody else since: look before you shoot.
            if pid.isdigit() and _is_job(int(pid), job_id):
                os.killpg(int(pid), signal.SIGTERM)
        except (FileNotFoundError, ProcessLookupError):
            return  # it was stopped before, or has just ended
        except OSError as error:
            raise RunnerError(f"{path} cannot be dealt with: {error}") from error

    def _path(self, job_id: UUID, suffix: str) -> Path:
        return self._folder / f"{job_id}.{suffix}"


def crawl_arguments(spec: JobSpec) -> list[str]:
    """What `scrapy` is told for a job."""
    arguments = ["crawl", spec.spider]
    for name, value in {**spec.arguments, "_job": str(spec.job_id)}.items():
        arguments += ["-a", f"{name}={value}"]
    for name, value in spec.settings.items():
        arguments += ["-s", f"{name}={value}"]
    return arguments


def _command(spec: JobSpec) -> list[str]:
    return [sys.executable, "-m", "scrapy", *crawl_arguments(spec)]


def _environment() -> dict[str, str]:
    # The job inherits ours, secrets included: arguments would show in process lists.
    return {**os.environ, "SCRAPY_SETTINGS_MODULE": "pincali_sync.settings"}


def _is_job(pid: int, job_id: UUID) -> bool:
    # Unless told twice that width is no matter, ps cuts lines at COLUMNS or a terminal's width.
    listing = subprocess.run(
        ["ps", "-ww", "-o", "args=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return str(job_id) in listing.stdout
