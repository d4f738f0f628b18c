"""`make audit` finds what is planted, and says so where it could not look."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from pincali_workshop.stack.ports import free_port

from scripts import audit

# Put together here: this file must pass the audit itself.
KEY_OF_A_CLOUD = "AKIA" + "Q7RZ5N2XK4WB6TLM"
ADDRESS = "postgresql://reader:" + "Tk4nV8sq" + "@db.example.org/listings"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    return tmp_path


def written(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_a_secret_is_found_wherever_it_lies_and_is_not_shown(tree: Path) -> None:
    written(tree / "README.md", f"one line\nset DATABASE_URL={ADDRESS}\n")
    written(tree / "tests" / "test_cloud.py", f'KEY = "{KEY_OF_A_CLOUD}"\n')
    part = audit.secrets(tree)
    assert part.found == [
        "README.md:2: Basic Auth Credentials",
        "tests/test_cloud.py:1: AWS Access Key",
    ]


def test_the_passwords_that_tests_make_up_and_files_that_git_ignores_pass(tree: Path) -> None:
    written(tree / "tests" / "test_database.py", f'URL = "{ADDRESS}"\n')
    written(tree / ".gitignore", ".env\n")
    written(tree / ".env", f"DATABASE_URL={ADDRESS}\n")
    assert audit.secrets(tree).outcome == "passed"


def test_where_git_cannot_tell_the_files_no_secrets_were_looked_for(tmp_path: Path) -> None:
    written(tmp_path / "README.md", ADDRESS)
    part = audit.secrets(tmp_path)
    assert part.missed
    assert "not a pass" in part.outcome


def test_dangerous_code_is_found_and_a_file_that_cannot_be_read_is_no_pass(tmp_path: Path) -> None:
    written(tmp_path / "runs.py", "eval(input())\n")
    written(tmp_path / "broken.py", "def (:\n")
    part = audit.code(tmp_path, ["runs.py", "broken.py"])
    assert ["runs.py:1: B307" in line for line in part.found] == [True]
    assert ["broken.py" in line for line in part.missed] == [True]
    assert "not a pass" in audit.code(tmp_path, ["nowhere.py"]).outcome


def test_a_service_that_cannot_be_reached_is_no_pass(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{free_port()}")
    monkeypatch.setenv("PIP_CACHE_DIR", str(tmp_path))
    assert audit.main(["packages"]) == 1
    assert "packages: COULD NOT BE MADE, which is not a pass" in capsys.readouterr().out


def test_a_fault_that_is_known_is_named_with_the_version_that_mends_it() -> None:
    faults = [
        {"id": "PYSEC-1", "fix_versions": ["1.1", "2.0"]},
        {"id": "PYSEC-2", "fix_versions": []},
    ]
    packages = [
        {"name": "sound", "version": "3.0", "vulns": []},
        {"name": "holed", "version": "1.0", "vulns": faults},
    ]
    assert audit.known_faults({"dependencies": packages}) == [
        "holed 1.0: PYSEC-1, mended in 1.1, 2.0",
        "holed 1.0: PYSEC-2, mended in no version",
    ]
