"""Reports as files of a folder."""

from __future__ import annotations

import os
import tempfile
from datetime import UTC
from pathlib import Path

from pincali_sync.db.repositories.quality.quality_reports import QualityReport
from pincali_sync.exceptions import ReportError
from pincali_sync.reports.quality_report import render_html, render_markdown


class QualityReportFiles:
    """Writes `quality-YYYY-MM-DD-HHMM.html` and `.md` into a folder, in UTC."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def write(self, report: QualityReport) -> tuple[Path, ...]:
        """Writes both files, each whole or not at all; returns their paths.

        Raises:
            ReportError: when the folder or a file cannot be written.
        """
        name = f"quality-{report.created_at.astimezone(UTC):%Y-%m-%d-%H%M}"
        pages = {".html": render_html(report), ".md": render_markdown(report)}
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            return tuple(
                _write_whole(self._folder / f"{name}{suffix}", page)
                for suffix, page in pages.items()
            )
        except OSError as error:
            raise ReportError(
                f"the quality report cannot be written into {self._folder} ({error.strerror}): "
                "make room or give the right to write there, then run `pincali-sync report`"
            ) from error


def _write_whole(path: Path, text: str) -> Path:
    """Beside its place first, so that no reader ever sees half of it."""
    with tempfile.NamedTemporaryFile(
        "w", encoding="utf-8", dir=path.parent, prefix=".", delete=False
    ) as file:
        try:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
            Path(file.name).chmod(0o644)
            Path(file.name).replace(path)
        except BaseException:
            Path(file.name).unlink(missing_ok=True)
            raise
    return path
