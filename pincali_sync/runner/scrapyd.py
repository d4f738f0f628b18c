"""Spider jobs on Scrapyd nodes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import UUID

import requests
from scrapyd_client.exceptions import ErrorResponse, MalformedResponse
from scrapyd_client.pyclient import HEADERS, ScrapydClient
from scrapyd_client.pyclient import _process_response as read_answer

from pincali_sync.exceptions import RunnerError
from pincali_sync.runner.credentials import Credentials
from pincali_sync.services.ports import JobSpec

PROJECT = "pincali_sync"
_TIMEOUT_SECONDS = 20.0
_NO_ENTRY = (
    ": set SCRAPYD_USERNAME and SCRAPYD_PASSWORD, or for a node of `make up` the PINCALI_HOME "
    "that it was started with"
)


class ScrapydJobRunner:
    """Hands jobs to Scrapyd's HTTP API by way of scrapyd-client."""

    def __init__(
        self,
        nodes: tuple[str, ...],
        *,
        credentials: Callable[[str], Credentials | None] = lambda _: None,
        timeout_seconds: float = _TIMEOUT_SECONDS,
        session: requests.Session | None = None,
    ) -> None:
        self._nodes = nodes
        self._credentials = credentials
        self._timeout = timeout_seconds
        self._session = session or requests.Session()

    @property
    def nodes(self) -> tuple[str, ...]:
        """The nodes that were configured."""
        return self._nodes

    async def check(self) -> None:
        """Raises: RunnerError: for a node that is down or does not know the project."""
        for node in self._nodes:
            projects = await self._call(node, "listprojects", lambda client: client.projects())
            if PROJECT not in projects:
                raise RunnerError(
                    f"Scrapyd at {node} does not know the project {PROJECT}: "
                    "deploy it with `scrapyd-deploy`"
                )

    async def start(self, spec: JobSpec, node: str) -> None:
        """Has the node schedule the job."""
        arguments = {**spec.arguments, "jobid": str(spec.job_id)}
        settings = [f"{name}={value}" for name, value in spec.settings.items()]
        await self._call(
            node,
            "schedule",
            lambda client: client.schedule(
                PROJECT, spec.spider, args=[*arguments.items(), *(("setting", s) for s in settings)]
            ),
        )

    async def cancel(self, job_id: UUID, node: str) -> None:
        """Has the node stop the job."""
        await self._call(node, "cancel", lambda client: client.cancel(PROJECT, str(job_id)))

    async def _call(self, node: str, what: str, call: Callable[[ScrapydClient], Any]) -> Any:
        # Each time anew: a node of `make up` has another password after each start.
        # In bytes, as Scrapyd compares them: of text, requests takes Latin-1 alone.
        client = _TimeoutClient(node, *map(str.encode, self._credentials(node) or ()))
        client.send = partial(self._session.request, timeout=self._timeout)
        try:
            return await asyncio.to_thread(call, client)
        except requests.Timeout as error:
            raise RunnerError(
                f"Scrapyd at {node} gave no answer to {what} within {self._timeout:g} s"
            ) from error
        except requests.ConnectionError as error:
            raise RunnerError(
                f"Scrapyd at {node} does not answer: start it (`make up`), correct SCRAPYD_URLS, "
                "or set SCRAPYD_URLS=local to run spiders without it"
            ) from error
        except requests.HTTPError as error:
            status = error.response.status_code
            remedy = _NO_ENTRY if status in {401, 403} else ""
            raise RunnerError(
                f"Scrapyd at {node} refused {what} (HTTP {status}){remedy}"
            ) from error
        except (ErrorResponse, MalformedResponse) as error:
            raise RunnerError(f"Scrapyd at {node} refused {what}: {error}") from error


class _TimeoutClient(ScrapydClient):  # type: ignore[misc]  # the package is untyped
    """scrapyd-client with a timeout on every request, and HTTP errors that are not hidden."""

    send: Callable[..., requests.Response]

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
