"""Placeholder until the browser finder lands."""
from dataclasses import dataclass
from pathlib import Path

from pincali_sync.config import Config


@dataclass
class ChromiumChoice:
    executable: Path | None


def find_chromium(config: Config) -> ChromiumChoice:
    return ChromiumChoice(Path("/usr/bin/chromium"))


def launch_arguments() -> list[str]:
    return ["--no-sandbox"]
