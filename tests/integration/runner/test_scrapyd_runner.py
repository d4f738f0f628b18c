"""What is said to Scrapyd, and how its answers are read: against recordings of a real one."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs

import pytest
import requests

from pincali_sync.exceptions import RunnerError
from pincali_sync.runner.scrapyd import ScrapydJobRunner
from tests.support.http_listener import QuietHandler, dripping, serving
from tests.support.scrapyd import JOB, SCENES, SPEC, cassette, runner_on


async def replay(scene: str) -> Any:
    session = requests.Session()
    with cassette(session, scene):
        return await SCENES[scene](runner_on(session, scene))


async def test_a_node_that_knows_the_project_takes_jobs() -> None:
    [node] = await replay("look")
    assert (node.objection, node.is_down, node.version) == (None, False, None)
    assert (node.running, node.pending) == (0, 0)


async def test_a_node_without_the_project_is_given_none_with_the_remedy() -> None:
    [node] = await replay("look-without-project")
    assert not node.is_down
    assert re.search(r"does not know the project .*`pincali-sync deploy`", str(node.objection))


async def test_a_job_is_scheduled_under_our_id_with_arguments_and_settings() -> None:
    session = requests.Session()
    with cassette(session, "start") as player:
        await SCENES["start"](runner_on(session, "start"))
        *_, interaction = player.current_cassette.interactions
    sent = parse_qs(interaction.data["request"]["body"]["string"])
    assert sent == {
        "project": ["pincali_sync"],
        "spider": ["manifest"],
        "jobid": [str(JOB)],
        "tier": ["1"],
        "source": ["sale"],
        "setting": ["MANIFEST_MAX_PAGES=10"],
    }


async def test_an_error_that_scrapyd_answers_with_200_is_an_error() -> None:
    with pytest.raises(RunnerError, match="refused schedule: spider 'manifesto' not found"):
        await replay("start-unknown-spider")


@pytest.mark.parametrize("scene", ["cancel", "cancel-unknown"])
async def test_a_job_that_is_not_there_can_be_cancelled(scene: str) -> None:
    await replay(scene)


async def test_a_wrong_password_names_the_variables() -> None:
    [node] = await replay("wrong-password")
    assert not node.is_down
    assert re.search(r"HTTP 401.*SCRAPYD_USERNAME and SCRAPYD_PASSWORD", str(node.objection))


@pytest.mark.parametrize("parts", ["known", "unknown", "failing"])
async def test_the_end_of_a_log_is_read_from_the_node_that_has_it(parts: str) -> None:
    log, asked = b"x" * 100_000 + b"\nthe end", []

    class Node(QuietHandler):
        def do_GET(self) -> None:  # noqa: N802 - the name that is called
            asked.append(self.path)
            is_there = self.path == f"/logs/pincali_sync/detail/{JOB}.log"
            body = log if is_there else b"{}"
            if is_there and parts == "known":
                assert self.headers["Range"] == "bytes=-8"
                body = log[-8:]
            fails = parts == "failing" and "Range" in self.headers
            self.send_response(500 if fails else 200 if is_there else 404)
            self.end_headers()
            self.wfile.write(body)

    with serving(Node) as port:
        node = f"http://127.0.0.1:{port}"
        runner = ScrapydJobRunner((node,))
        assert await runner.end_of_log("detail", JOB, node, most=8) == b"\nthe end"
        with pytest.raises(RunnerError, match="is not there: nodes delete the logs of old jobs"):
            await runner.end_of_log("manifest", JOB, node, most=8)
        before = len(asked)
        with pytest.raises(RunnerError, match="is none of SCRAPYD_URLS any more"):
            await ScrapydJobRunner(("http://127.0.0.1:1",)).end_of_log("detail", JOB, node, most=8)
        assert len(asked) == before


async def test_a_node_that_is_down_is_named_with_the_remedy() -> None:
    runner = ScrapydJobRunner(("http://127.0.0.1:1",))
    [node] = await runner.look()
    assert node.is_down
    assert re.search(r"127\.0\.0\.1:1 does not answer: start it", str(node.objection))


@pytest.fixture
def silent_node() -> Iterator[str]:
    """A port that accepts connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


async def test_a_node_that_never_answers_is_given_up(silent_node: str) -> None:
    runner = ScrapydJobRunner((silent_node,), timeout_seconds=0.2)
    with pytest.raises(
        RunnerError, match=r"gave no answer to schedule within 0\.2 s: see .*SCRAPYD_URLS"
    ):
        await runner.start(SPEC, silent_node)


async def test_a_node_whose_answer_drips_is_given_up() -> None:
    with dripping() as port:
        runner = ScrapydJobRunner((f"http://127.0.0.1:{port}",), timeout_seconds=0.2)
        [node] = await runner.look()
    assert node.is_down
    assert "gave no answer to listjobs within 0.2 s" in str(node.objection)


class TakesOrders(QuietHandler):
    """Takes the order, and its answer gets lost in the way that the node's path names."""

    taken: list[str]
    given_up: threading.Event

    def do_POST(self) -> None:  # noqa: N802
        order = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.taken.append(parse_qs(order)["jobid"][0])
        match self.path.split("/")[1]:
            case "timeout":
                self.given_up.wait(10)
            case "error":
                self.send_error(500)
            case "empty":
                self._say(b"[]")
            case "page":
                self._say(b"<html>Bad gateway</html>")
            case "cut":
                self._say(b'{"status": "o', length=99)
        self.close_connection = True  # "reset": that is all

    def _say(self, body: bytes, *, length: int | None = None) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(length or len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.mark.parametrize(
    ("way", "said"),
    [
        ("timeout", "gave no answer to schedule within"),
        ("error", r"refused schedule \(HTTP 500\)"),
        ("reset", "does not answer"),
        ("page", "refused schedule"),
        ("empty", r"is no Scrapyd \(TypeError at schedule\)"),
        ("cut", r"is no Scrapyd \(ChunkedEncodingError at schedule\)"),
    ],
)
async def test_an_order_whose_answer_is_lost_is_not_given_a_second_time(
    way: str, said: str
) -> None:
    class Node(TakesOrders):
        taken: list[str] = []  # noqa: RUF012  # of this server alone
        given_up = threading.Event()

    with serving(Node) as port:
        node = f"http://127.0.0.1:{port}/{way}"
        runner = ScrapydJobRunner((node,), timeout_seconds=0.3)
        with pytest.raises(RunnerError, match=said):
            await runner.start(SPEC, node)
        Node.given_up.set()
    assert Node.taken == [str(JOB)]
