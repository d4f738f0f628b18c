"""Placeholder until the embedded server lands."""
from pathlib import Path


def ensure_running(home: Path) -> str:
    raise NotImplementedError(home)
