"""What a tier run came to, as a value for callers."""

from __future__ import annotations

from dataclasses import dataclass

from pincali_sync.db.repositories.runs.runs import SyncRun


@dataclass(frozen=True, slots=True, kw_only=True)
class TierResult:
    """One run that is over."""

    tier_level: int
    tier_name: str
    success: bool
    pages_scanned: int
    new_properties: int
    price_changes: int
    removals_confirmed: int
    properties_scraped: int
    duration_seconds: float
    errors: tuple[str, ...]

    @classmethod
    def of(cls, run: SyncRun) -> TierResult:
        """The result of a run as it is stored."""
        return cls(
            tier_level=run.tier_level,
            tier_name=run.tier_name,
            success=run.status == "completed",
            pages_scanned=run.pages_scanned,
            new_properties=run.new_properties_found,
            price_changes=run.price_changes_detected,
            removals_confirmed=run.details.removed,
            properties_scraped=run.properties_scraped,
            duration_seconds=(run.execution_time_ms or 0) / 1000,
            errors=(run.error_summary,) if run.error_summary else (),
        )
