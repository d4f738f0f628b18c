"""What a node's jobs are told: everything that is in force here, in the form it is read in."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from pincali_workshop.stack.up import job_environment, up

from pincali_sync.config import load_config


def test_jobs_read_the_same_configuration(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    given = {
        "PINCALI_HOME": str(tmp_path),
        "DATABASE_URL": "postgresql://a:b@127.0.0.1:5432/c",
        "USER_AGENTS": "One/1.0 (a, b)|Two/2.0",
        "TIERS_ENABLED": "1,2",
        "SCRAPYD_URLS": "http://127.0.0.1:6800,http://127.0.0.1:6801",
        "SCRAPYD_USERNAME": "operator",
        "SCRAPYD_PASSWORD": "invented",
        "TIER_1_PAGES": "7",
    }
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    here = load_config()
    handed_over = job_environment(here, given["DATABASE_URL"])
    for name in given:
        monkeypatch.delenv(name)
    for name, value in handed_over.items():
        monkeypatch.setenv(name, value)
    assert load_config() == here


def test_root_is_named_as_what_it_is_before_anything_is_started(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert next(iter(up(load_config()))).startswith("take care: running as root: ")


def test_jobs_find_files_that_were_named_relative_to_here(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "cookies.json").write_text("[]")
    monkeypatch.setenv("PINCALI_HOME", "state")
    monkeypatch.setenv("COOKIES_FILE", "cookies.json")
    handed_over = job_environment(load_config(), "postgresql://a:b@127.0.0.1:5432/c")
    assert handed_over["COOKIES_FILE"] == str(tmp_path / "cookies.json")
    assert handed_over["PINCALI_HOME"] == str(tmp_path / "state")
