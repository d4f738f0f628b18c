"""`pincali-sync doctor` as an operator sees it."""

from __future__ import annotations

import json

import pytest

from pincali_sync.cli import doctor_command
from pincali_sync.cli.output import console
from pincali_sync.doctor.check import Check, Finding, Patient, ok, warn
from tests.support.cli import say


async def _well(_: Patient) -> Finding:
    return ok("as it should be")


async def _so_so(_: Patient) -> Finding:
    return warn("a word " * 30, "`pincali-sync doctor --fix`")


async def _breaks(_: Patient) -> Finding:
    raise RuntimeError("a fault of the program\nwith details")


WELL, SO_SO = Check(name="well", look=_well), Check(name="so so", look=_so_so)
BREAKS = Check(name="breaks", look=_breaks)


@pytest.fixture(autouse=True)
def _configured(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)


def test_warnings_are_no_failure_and_fit_into_eighty_columns(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor_command, "CHECKS", (WELL, SO_SO))
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    monkeypatch.setattr(console, "_width", 80)
    status, out, _ = say(capsys, "doctor")
    assert status == 0
    lines = out.splitlines()
    assert lines[0].split() == ["ok", "well", "as", "it", "should", "be"]
    assert lines[1].startswith("warn  so so ")
    assert max(map(len, lines)) <= 80
    assert lines[-2:] == ["1 ok, 1 warn, 0 bad", "`pincali-sync doctor --fix` sees to: so so"]


def test_a_check_that_breaks_is_a_line_and_a_failure(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor_command, "CHECKS", (BREAKS, WELL))
    status, out, err = say(capsys, "doctor", "--json")
    assert (status, err) == (1, "")
    broken, well = json.loads(out)
    assert broken == {
        "check": "breaks",
        "level": "bad",
        "what": "this could not be looked at: a fault of the program",
        "remedy": "report it",
        "mendable": False,
        "mended": "",
    }
    assert well["level"] == "ok"


def test_an_unknown_option_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert say(capsys, "doctor", "--cure")[0] == 2
