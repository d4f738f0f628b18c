"""What is done again and again ends by no error."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from pincali_sync.repeating import Repeating


class Turns:
    """Sleeps that end when the test says so, and how often something slept."""

    def __init__(self) -> None:
        self.slept = 0

    async def __call__(self, seconds: float) -> None:
        self.slept += 1
        await asyncio.sleep(0)


def repeating(
    work: Callable[[], Awaitable[bool]],
    *,
    patience: float = 10.0,
    failed: Callable[[float], None] | None = None,
) -> Repeating:
    return Repeating(
        work,
        every=1.0,
        patience=patience,
        failing="no heartbeat",
        mended="the heart beats again",
        failed=failed,
        sleep=Turns(),
    )


@pytest.mark.parametrize(
    "error",
    [ValueError("five"), KeyError(), RuntimeError("two\nlines"), TimeoutError()],
    ids=lambda error: type(error).__name__,
)
async def test_no_error_ends_it_and_each_row_of_them_is_told_once(
    error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    outcomes: list[Exception | bool] = [True, error, error, error, True, error, True, False]
    left = iter(outcomes)
    over = asyncio.Event()

    async def work() -> bool:
        outcome = next(left)
        if isinstance(outcome, Exception):
            raise outcome
        if not outcome:
            over.set()
        return outcome

    loop = repeating(work)
    loop.start()
    await asyncio.wait_for(over.wait(), 5)
    await loop.stop()
    assert next(left, None) is None
    said = [record.getMessage() for record in caplog.records]
    assert len(said) == 4
    assert said[1] == said[3] == "the heart beats again"
    assert all(line.startswith("no heartbeat: ") for line in said[::2])
    assert all(len(line) > len("no heartbeat: ") for line in said)


async def test_to_hang_is_to_fail(caplog: pytest.LogCaptureFixture) -> None:
    async def hangs() -> bool:
        await asyncio.Event().wait()
        return True

    failures: list[float] = []
    loop = repeating(hangs, patience=0.01, failed=failures.append)
    assert await loop.once()
    assert await loop.once()
    assert [record.getMessage() for record in caplog.records] == [
        "no heartbeat: no answer within 0.01 s"
    ]
    assert len(failures) == 2
    assert 0.02 <= failures[1] < 5


async def test_it_can_be_stopped_while_it_is_at_work() -> None:
    begun = asyncio.Event()

    async def hangs() -> bool:
        begun.set()
        await asyncio.Event().wait()
        return True

    loop = repeating(hangs)
    loop.start(at_once=True)
    await begun.wait()
    await asyncio.wait_for(loop.stop(), 5)


async def test_whoever_is_told_to_end_while_it_is_stopped_hears_of_it() -> None:
    async def lingers() -> bool:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0.01)
        return True

    loop = repeating(lingers)
    loop.start(at_once=True)
    await asyncio.sleep(0)
    stopping = asyncio.create_task(loop.stop())
    await asyncio.sleep(0)
    stopping.cancel()
    with pytest.raises(asyncio.CancelledError):
        await stopping
