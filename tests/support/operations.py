"""The steps of docs/how-to, run as an operator would."""

from __future__ import annotations

import os
import re
import subprocess
import textwrap
from pathlib import Path
from urllib.parse import urlsplit

from pincali_workshop.stack.embedded_place import wheel_binaries

from tests.support.postgres import PLAIN_ROLE

ROOT = Path(__file__).parents[2]
PAGES = ROOT / "docs" / "how-to"
_STEP = re.compile(r"<!-- tested: ([a-z ]+) -->\n( *)```sh\n(.*?)\n\2```", re.S)
RESTORED = "restored"  # the database that a page restores into


def steps() -> dict[str, str]:
    """What the pages have an operator type, by the step's name."""
    found: dict[str, str] = {}
    for page in sorted(PAGES.glob("*.md")):
        for name, _, commands in _STEP.findall(page.read_text()):
            assert name not in found, f"two steps are called {name}"
            found[name] = textwrap.dedent(commands)
    return found


class Operator:
    """Has a folder for back-ups, and the server's names in a file, as the pages ask for."""

    def __init__(self, folder: Path, database_url: str, administrator_url: str) -> None:
        self._steps = steps()
        services = folder / "services.conf"
        services.write_text(
            _service("pincali", database_url) + _service("administrator", administrator_url)
        )
        self.backups = folder / "backups"
        self.backups.mkdir()
        self._programs = folder / "programs"
        self._programs.mkdir()
        self._variables = {
            "BACKUPS": str(self.backups),
            "DATABASE_URL": database_url,
            "PATH": f"{self._programs}:{wheel_binaries() / 'bin'}:{os.environ['PATH']}",
            "PGSERVICEFILE": str(services),
            "PINCALI_HOME": str(folder / "home"),
            "SCRAPYD_URLS": "http://127.0.0.1:9",  # nobody
        }

    def does(self, step: str, **variables: str) -> str:
        """Types what the step says; returns what was answered."""
        # The pages call the role by the product's name, which here is another one's.
        commands = self._steps[step].replace("--owner=pincali", f"--owner={PLAIN_ROLE}")
        ran = self._run(commands, "-euo", "pipefail", **variables)
        assert ran.returncode == 0, f"{step}: {ran.stdout}{ran.stderr}"
        return ran.stdout

    def pastes(self, step: str) -> int:
        """Into a shell that goes on after what failed; returns the status of it all."""
        return self._run(self._steps[step]).returncode

    def has(self, program: str, script: str) -> None:
        """Finds a program of this name before any other."""
        file = self._programs / program
        file.write_text(f"#!/bin/bash\n{script}")
        file.chmod(0o755)

    def _run(
        self, commands: str, *options: str, **variables: str
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["bash", *options, "-c", commands],
            cwd=ROOT,
            env={**os.environ, **self._variables, **variables},
            capture_output=True,
            text=True,
            check=False,
            timeout=100,
        )


def _service(name: str, url: str) -> str:
    parts = urlsplit(url)
    return (
        f"[{name}]\nhost={parts.hostname}\nport={parts.port}\ndbname={parts.path[1:]}\n"
        f"user={parts.username}\npassword={parts.password}\n"
    )
