"""What a person types who keeps the demo."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import pytest
from pincali_workshop.demo.stage import Stage, busy_site
from pincali_workshop.standin.process import StandinProcess


def test_the_lines_can_be_typed_in_a_folder_whose_name_has_a_blank(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, programs = tmp_path / "a stage", tmp_path / "my programs"
    monkeypatch.setattr(StandinProcess, "base_url", "http://127.0.0.1:1")
    monkeypatch.setattr(sys, "executable", str(programs / "python"))
    said = Stage(home, busy_site(10)).how_to_go_on().splitlines()
    typed = [shlex.split(line, comments=True) for line in said if line.startswith("  ")]
    assert typed == [
        ["cd", str(home), "&&", str(programs / "pincali-sync"), what] for what in ("status", "web")
    ]
