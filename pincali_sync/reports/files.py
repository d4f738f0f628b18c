"""Reports as files of a folder."""

from __future__ import annotations

from datetime import UTC
from pathlib import Path

from pincali_sync.db.repositories.quality.quality import QualityReport
from pincali_sync.exceptions import WriteError
from pincali_sync.reports.quality_report import render_html, render_markdown
from pincali_sync.services.export.whole_file import WholeFile


def write_report(folder: Path, report: QualityReport) -> tuple[Path, ...]:
    """Writes `quality-YYYY-MM-DD-HHMM.html` and `.md`, in UTC, each whole or not at all.

    Returns:
        Their paths.

    Raises:
        WriteError: when the folder or a file cannot be written.
    """
    name = f"quality-{report.created_at.astimezone(UTC):%Y-%m-%d-%H%M}"
    pages = {
        folder / f"{name}.html": render_html(report),
        folder / f"{name}.md": render_markdown(report),
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path, page in pages.items():
            with WholeFile(path) as file:
                file.write(page.encode())
    except OSError as error:
        raise WriteError(
            f"the quality report cannot be written into {folder} ({error.strerror}): "
            "make room or give the right to write there, then run `pincali-sync report`"
        ) from error
    return tuple(pages)
