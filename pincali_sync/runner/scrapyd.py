"""Spider jobs on Scrapyd nodes, or on whatever speaks its protocol, as scrapyd-k8s does."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import UUID

import requests
from scrapyd_client.exceptions import ErrorResponse, MalformedResponse
from scrapyd_client.pyclient import HEADERS, ScrapydClient
from scrapyd_client.pyclient import _process_response as read_answer

from pincali_sync.exceptions import RunnerError
from pincali_sync.patience import within
from pincali_sync.runner.credentials import Credentials
from pincali_sync.runner.egg import build_egg, code_version
from pincali_sync.services.ports import JobSpec, NodeLook

PROJECT = "pincali_sync"
# The same where it is a part of names that may have no underscore, as Kubernetes' may not.
_PROJECTS = (PROJECT, "pincali-sync")
_TIMEOUT_SECONDS = 20.0
_LOOK_SECONDS = 5.0  # a node that takes longer to say how it is takes no jobs
_DEPLOY_SECONDS = 120.0  # it loads the spiders before it answers
_MOST_REQUESTS = 3  # of one call: a look
_PART_BYTES = 65_536
_LONGEST_LOG_BYTES = 100_000_000  # that is read through where the node sends the whole
_NOT_FOUND = requests.codes.not_found
_NO_ENTRY = (
    ": set SCRAPYD_USERNAME and SCRAPYD_PASSWORD, or for a node of `make up` the PINCALI_HOME "
    "that it was started with"
)


class ScrapydJobRunner:
    """Hands jobs to Scrapyd's HTTP API by way of scrapyd-client.

    Args:
        version: of the code that nodes are to run.
    """

    def __init__(
        self,
        nodes: tuple[str, ...],
        *,
        credentials: Callable[[str], Credentials | None] = lambda _: None,
        timeout_seconds: float = _TIMEOUT_SECONDS,
        session: requests.Session | None = None,
        version: str | None = None,
    ) -> None:
        self._nodes = nodes
        self._credentials = credentials
        self._timeout = timeout_seconds
        self._session = session or requests.Session()
        self._version = version or code_version()
        self._target: dict[str, tuple[str, str | None]] = {}  # a node's project and version

    @property
    def nodes(self) -> tuple[str, ...]:
        """The nodes that were configured."""
        return self._nodes

    async def look(self) -> list[NodeLook]:
        """How the nodes are, asked all at once."""
        return list(await asyncio.gather(*map(self._look_at, self._nodes)))

    async def start(self, spec: JobSpec, node: str) -> None:
        """Has the node schedule the job, with the version of the code that it was seen to have."""
        project, version = await self._target_on(node)
        arguments = {**spec.arguments, "jobid": str(spec.job_id)}
        if version is not None:
            arguments["_version"] = version
        settings = [f"{name}={value}" for name, value in spec.settings.items()]
        await self._call(
            node,
            "schedule",
            lambda client: client.schedule(
                project, spec.spider, args=[*arguments.items(), *(("setting", s) for s in settings)]
            ),
        )

    async def is_in_line(self, job_id: UUID, node: str) -> bool:
        """Whether the node has the job among those that wait for a slot."""
        jobs = await self._call(node, "listjobs", lambda client: client.all_jobs())
        return any(each["id"] == str(job_id) for each in jobs["pending"])

    def where_logged(self, spider: str, job_id: UUID, node: str) -> str:
        """The page on which the node shows the job's log."""
        project, _ = self._target.get(node, (PROJECT, None))
        return f"{node}/logs/{project}/{spider}/{job_id}.log"

    async def end_of_log(self, spider: str, job_id: UUID, node: str, *, most: int) -> bytes:
        """The last bytes of a job's log, of nodes that are configured alone."""
        if node not in self._nodes:
            raise RunnerError(f"{node} is none of SCRAPYD_URLS any more: it is asked for no log")
        await self._target_on(node)
        url = self.where_logged(spider, job_id, node)
        end: bytes = await self._call(node, "a log", partial(_end_of_log, url=url, most=most))
        return end

    async def cancel(self, job_id: UUID, node: str) -> None:
        """Has the node stop the job."""
        project, _ = await self._target_on(node)
        await self._call(node, "cancel", lambda client: client.cancel(project, str(job_id)))

    async def deploy(self, node: str) -> str:
        """Sends this installation's code to a node; returns in a few words what became of it.

        Raises:
            RunnerError: when the node does not take it, or what it has cannot be replaced so.
        """
        seen = await self._look_at(node)
        if seen.is_down:
            raise RunnerError(str(seen.objection))
        if node in self._target and seen.version is None:
            return "runs the code that is installed there: nothing to deploy"
        if seen.version is not None and self._is_ours(seen.version):
            return f"has {seen.version} already"
        # What is sent last is what a job ordered by hand runs: Scrapyd goes by the order of names.
        version = f"{int(time.time())}-{self._version}"
        await self._call(
            node,
            "addversion",
            lambda client: client.add_version(PROJECT, version, build_egg()),
            _DEPLOY_SECONDS,
        )
        return f"took {version}"

    async def _target_on(self, node: str) -> tuple[str, str | None]:
        """The project's name on a node and the version that is to run, as far as it tells."""
        if node not in self._target:
            await self._look_at(node)
        return self._target.get(node, (PROJECT, None))

    async def _look_at(self, node: str) -> NodeLook:
        try:
            seen: NodeLook = await self._call(
                node, "listjobs", partial(self._read, node), min(_LOOK_SECONDS, self._timeout)
            )
        except RunnerError as error:
            cause = error.__cause__
            is_down = isinstance(cause, requests.Timeout | requests.ConnectionError | TimeoutError)
            return NodeLook(node=node, objection=str(error), is_down=is_down)
        return seen

    def _read(self, node: str, client: _Client) -> NodeLook:
        jobs = client.all_jobs()
        look = partial(
            NodeLook, node=node, running=len(jobs["running"]), pending=len(jobs["pending"])
        )
        known = client.projects()
        project = next((name for name in _PROJECTS if name in known), None)
        if project is None:
            self._target.pop(node, None)
            return look(objection=_unknown_to(node))
        versions = client.versions(project)
        if not versions:  # no egg: it runs what is installed beside it
            self._target[node] = project, None
            return look()
        newest = next((each for each in reversed(versions) if self._is_ours(each)), versions[-1])
        # `scrapyd-deploy` names the second instead of the code: whoever sent it answers for that.
        if self._is_ours(newest) or newest.isdigit():
            self._target[node] = project, newest
            return look(version=newest)
        self._target[node] = project, self._version  # which it refuses to run
        return look(version=newest, objection=self._another(node, newest))

    def _is_ours(self, version: str) -> bool:
        return version.endswith(self._version)

    def _another(self, node: str, version: str) -> str:
        return (
            f"Scrapyd at {node} has version {version} of the project and not {self._version}, "
            "which this runner goes by: run `pincali-sync deploy`"
        )

    async def _call(
        self, node: str, what: str, call: Callable[[_Client], Any], limit: float | None = None
    ) -> Any:
        # Each time anew: a node of `make up` has another password after each start.
        # In bytes, as Scrapyd compares them: of text, requests takes Latin-1 alone.
        client = _Client(node, *map(str.encode, self._credentials(node) or ()))
        seconds = limit or self._timeout
        client.send = partial(self._session.request, timeout=seconds)
        try:
            # What `requests` limits is the wait for each byte of each answer.
            return await within(_MOST_REQUESTS * seconds, partial(call, client))
        except (requests.Timeout, TimeoutError) as error:
            raise RunnerError(
                f"Scrapyd at {node} gave no answer to {what} within {seconds:g} s: see what keeps "
                "it busy, or correct SCRAPYD_URLS"
            ) from error
        except requests.ConnectionError as error:
            raise RunnerError(
                f"Scrapyd at {node} does not answer: start it (`make up`), correct SCRAPYD_URLS, "
                "or set SCRAPYD_URLS=local to run spiders without it"
            ) from error
        except requests.HTTPError as error:
            raise RunnerError(_refused(node, what, error.response.status_code)) from error
        except (ErrorResponse, MalformedResponse) as error:
            raise RunnerError(f"Scrapyd at {node} refused {what}: {error}") from error
        except (requests.RequestException, LookupError, TypeError, RuntimeError) as error:
            raise RunnerError(
                f"what answers at {node} is no Scrapyd ({type(error).__name__} at {what}): correct "
                "SCRAPYD_URLS"
            ) from error


def _end_of_log(client: _Client, *, url: str, most: int) -> bytes:
    """The last bytes of a file that a node serves, whether it knows parts of files or not."""
    headers = {**HEADERS, "Accept-Encoding": "identity"}
    ask = partial(client.send, "GET", url, auth=client.auth, stream=True, allow_redirects=False)
    answer = ask(headers={**headers, "Range": f"bytes=-{most}"})
    if answer.status_code == requests.codes.internal_server_error:
        answer.close()  # Twisted fails where the whole file is shorter than the part
        answer = ask(headers=headers)
    with answer:
        if answer.status_code == requests.codes.requested_range_not_satisfiable:
            return b""  # nothing is in it yet
        if answer.status_code == _NOT_FOUND:
            raise RunnerError(f"{url} is not there: nodes delete the logs of old jobs")
        answer.raise_for_status()
        end, taken = b"", 0
        for part in answer.iter_content(_PART_BYTES):
            end, taken = (end + part)[-most:], taken + len(part)
            if taken > _LONGEST_LOG_BYTES:
                raise RunnerError(f"{url} is too long: the node does not give a part of it")
        return end


def _unknown_to(node: str) -> str:
    return f"Scrapyd at {node} does not know the project {PROJECT}: run `pincali-sync deploy`"


def _refused(node: str, what: str, status: int) -> str:
    remedy = _NO_ENTRY if status in {401, 403} else ""
    if what == "addversion" and status in {404, 405}:
        remedy = f": it takes images, not eggs; give the project's an image tagged {code_version()}"
    return f"Scrapyd at {node} refused {what} (HTTP {status}){remedy}"


class _Client(ScrapydClient):  # type: ignore[misc]  # the package is untyped
    """scrapyd-client with a timeout on every request, and HTTP errors that are not hidden."""

    send: Callable[..., requests.Response]

    def all_jobs(self) -> dict[str, list[Any]]:
        """The jobs of all projects: each takes one of the node's slots."""
        answer: dict[str, list[Any]] = self._get("listjobs")
        return answer

    def add_version(self, project: str, version: str, egg: bytes) -> Any:
        """Has the node keep an egg."""
        data = {"project": project, "version": version}
        return self._request("POST", "addversion", data=data, files={"egg": egg})

    def cancel(self, project: str, jobid: str) -> Any:
        """Has a job stopped. That it is not there is no error: scrapyd-k8s answers 404 then."""
        try:
            return super().cancel(project, jobid)
        except requests.HTTPError as error:
            if error.response.status_code == _NOT_FOUND and _is_answer(error.response):
                return None
            raise

    def _get(self, basename: str, params: Any = None) -> Any:
        return self._request("GET", basename, params=params)

    def _post(self, basename: str, data: Any) -> Any:
        return self._request("POST", basename, data=data)

    def _request(self, method: str, basename: str, **content: Any) -> Any:
        url = f"{self.url}/{basename}.json"
        response = self.send(method, url, headers=HEADERS, auth=self.auth, **content)
        response.raise_for_status()
        # Scrapyd answers its own errors with HTTP 200; this reads the body's status.
        return read_answer(response)


def _is_answer(response: requests.Response) -> bool:
    """Whether it is the API that says so, and not a server in front of it."""
    try:
        return isinstance(response.json(), dict) and response.json().get("status") == "error"
    except ValueError:
        return False
