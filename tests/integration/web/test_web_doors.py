"""Who gets an answer at all, from a real server on a socket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import httpx
import pytest

from pincali_sync.config import load_config
from pincali_sync.db.engine import Database
from pincali_sync.exceptions import ConfigError
from pincali_sync.web import connection
from tests.support.clock import FixedClock
from tests.support.web import HOST, Dashboard, dashboard_on, listening

SOON = 0.15


@pytest.fixture
async def dashboard(db: Database, clock: FixedClock) -> AsyncIterator[Dashboard]:
    async with dashboard_on(db, clock) as made:
        await made.snapshots.read_once()
        yield made


@pytest.fixture
async def port(dashboard: Dashboard) -> AsyncIterator[int]:
    async with listening(dashboard.app) as bound:
        yield bound


async def say(port: int, *parts: str, wait: float = 5) -> str:
    """What comes back until the server hangs up. Raises: TimeoutError: where it does not."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        for part in parts:
            writer.write(part.encode())
            await writer.drain()
        with suppress(ConnectionError):
            return (await asyncio.wait_for(reader.read(), wait)).decode()
        return ""
    finally:
        writer.close()


def ask(host: str, path: str = "/healthz", method: str = "GET", version: str = "1.1") -> str:
    return f"{method} {path} HTTP/{version}\r\nHost: {host}\r\nConnection: close\r\n\r\n"


def status(answer: str) -> int:
    return int(answer.split()[1])


# --- by what name ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.0.0.1:8080", "LOCALHOST:80", "[::1]:9", HOST, f"{HOST.upper()}:443"]
)
async def test_it_answers_to_this_machines_names_and_to_those_that_are_allowed(
    port: int, host: str
) -> None:
    assert status(await say(port, ask(host))) == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.test",
        "evil.test:8080",
        f"evil.{HOST}",
        f"{HOST}.evil.test",
        "localhost.evil.test",
        "127.0.0.1.evil.test",
        "localhost@evil.test",
        "evil.test#localhost",
        "10.1.2.3",
        "[2001:db8::1]",
        "localhost:x",
        "",
    ],
)
async def test_it_answers_to_no_other_name_whatever_is_asked(port: int, host: str) -> None:
    for path, method in (("/", "GET"), ("/metrics", "GET"), ("/pauses", "POST"), ("/x", "HEAD")):
        answer = await say(port, ask(host, path, method))
        assert status(answer) in {400, 421}, (path, answer)
        assert "Tier" not in answer


async def test_a_request_that_names_no_host_or_two_is_refused(port: int) -> None:
    for request in (
        "GET / HTTP/1.0\r\n\r\n",
        "GET / HTTP/1.1\r\n\r\n",
        f"GET / HTTP/1.0\r\nHost: localhost\r\nHost: {HOST}\r\n\r\n",
    ):
        assert status(await say(port, request)) in {400, 421}


async def test_the_address_that_it_was_told_to_listen_on_is_its_own(
    db: Database, clock: FixedClock
) -> None:
    async with dashboard_on(db, clock, listens_on="192.0.2.5") as dashboard:
        for host, expected in (("192.0.2.5:80", 200), ("192.0.2.6", 421)):
            assert (await dashboard.get("/", host=host)).status_code == expected


@pytest.mark.parametrize(
    ("listens_on", "host"), [("MyBox.lan", "mybox.lan:80"), ("FE80::1", "[fe80::1]:80")]
)
async def test_the_case_of_its_name_does_not_matter(
    db: Database, clock: FixedClock, listens_on: str, host: str
) -> None:
    async with dashboard_on(db, clock, listens_on=listens_on) as dashboard:
        assert (await dashboard.get("/", host=host)).status_code == 200


def test_a_list_of_hosts_with_something_else_in_it_is_refused() -> None:
    assert load_config(web_hosts="Dash.example, 10.0.0.9,::1").web_hosts == (
        "dash.example",
        "10.0.0.9",
        "::1",
    )
    for wrong in ("http://dash.example", "dash.example:80", "*", "a b"):
        with pytest.raises(ConfigError, match="WEB_HOSTS"):
            load_config(web_hosts=wrong)


# --- how a request is put -------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["chunked", "Chunked", "gzip, chunked"])
async def test_a_request_whose_end_is_doubtful_gets_one_refusal(port: int, encoding: str) -> None:
    inner = ask("localhost")
    answer = await say(
        port,
        f"POST /pauses HTTP/1.1\r\nHost: localhost\r\nContent-Length: {5 + len(inner)}\r\n"
        f"Transfer-Encoding: {encoding}\r\n\r\n0\r\n\r\n{inner}",
    )
    assert answer.count("HTTP/1.1 ") == 1
    assert status(answer) in {400, 501}


async def test_head_is_answered_where_get_is_and_without_a_body(port: int) -> None:
    paths = [
        *("/", "/queue", "/runs", "/removals", "/decisions", "/errors", "/pauses", "/property"),
        *("/metrics", "/healthz", "/nowhere", "/properties/none"),
    ]
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
        overview = (await client.get("/")).text
        paths.append(overview.partition('rel="stylesheet" href="')[2].partition('"')[0])
        for path in paths:
            got, head = await client.get(path), await client.head(path)
            assert (head.status_code, head.content) == (got.status_code, b""), path
            assert head.headers["content-type"] == got.headers["content-type"], path


# --- how long it takes ----------------------------------------------------------------------------

HEAD_OF_A_FORM = "POST /pauses HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99\r\n\r\n"


@pytest.mark.parametrize(
    "parts",
    [
        (),
        ("GET",),
        ("GET / HTTP/1.1\r\nHost: localhost\r\n", "X-Slow: 1\r\n"),
        (HEAD_OF_A_FORM, "token="),
        ("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\nGET /he",),
    ],
    ids=["nothing", "a word", "half a head", "half a form", "half a second one"],
)
async def test_a_request_that_does_not_come_whole_is_cut_off(
    port: int, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, parts: tuple[str]
) -> None:
    monkeypatch.setattr(connection, "_SECONDS_TO_ASK", SOON)
    answer = await say(port, *parts)
    assert answer.count("HTTP/1.1 200") == ("healthz" in "".join(parts))
    assert [each for each in caplog.records if each.levelname == "ERROR"] == []


async def test_a_trickle_of_bytes_does_not_buy_time(
    port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "_SECONDS_TO_ASK", SOON)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    cut = asyncio.create_task(reader.read())
    writer.write(b"GET / HTTP/1.1\r\n")
    async with asyncio.timeout(5):
        with suppress(ConnectionError):
            while not cut.done():
                writer.write(b"X-Slow: 1\r\n")
                await asyncio.wait([cut], timeout=SOON / 10)
            assert await cut == b""
    writer.close()


async def test_who_does_not_take_the_answers_is_cut_off(
    dashboard: Dashboard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "_SECONDS_TO_ANSWER", SOON)
    before = asyncio.all_tasks()
    async with listening(dashboard.app) as port:
        _, writer = await asyncio.open_connection("127.0.0.1", port, limit=1)
        with pytest.raises(ConnectionError):
            await asyncio.wait_for(_ask_and_read_nothing(writer), 20)
        writer.close()
    assert asyncio.all_tasks() - before == set()


async def _ask_and_read_nothing(writer: asyncio.StreamWriter) -> None:
    """Buffers fill, then the server waits. Raises: ConnectionError: when it has enough."""
    while True:
        writer.write(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n" * 100)
        await writer.drain()


async def test_half_open_connections_make_room_for_whoever_asks(
    port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "_MOST_ASKING", 5)
    opened = await asyncio.gather(
        *(asyncio.open_connection("127.0.0.1", port) for _ in range(40))  # all in one moment
    )
    assert status(await say(port, ask("localhost"))) == 200
    async with asyncio.timeout(5):
        for reader, _ in opened[:35]:
            with suppress(ConnectionError):
                assert await reader.read() == b""
    assert not any(reader.at_eof() for reader, _ in opened[36:])
    for _, writer in opened:
        writer.close()
