"""`make reference`: writes the pages of `docs/reference` and `.env.example`."""

from __future__ import annotations

from pathlib import Path

from scripts.reference import commands, metrics, python, schemas, states, tables, targets, variables

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT / "docs" / "reference"
FILES = {
    ROOT / ".env.example": variables.example,
    REFERENCE / "variables.md": variables.page,
    REFERENCE / "commands.md": commands.page,
    REFERENCE / "tables.md": tables.page,
    REFERENCE / "metrics.md": metrics.page,
    REFERENCE / "listing-states.md": states.page,
    REFERENCE / "make-targets.md": targets.page,
    REFERENCE / "data.md": schemas.page,
    REFERENCE / "python.md": python.page,
    **schemas.files(REFERENCE / "schemas"),
}


def main() -> None:
    """Writes every file."""
    for path, made in FILES.items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(made())


if __name__ == "__main__":
    main()
