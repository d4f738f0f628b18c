"""An examination of one database and one machine, check by check."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pincali_sync.bootstrap import build_services
from pincali_sync.clock import Clock
from pincali_sync.config import load_config
from pincali_sync.db.engine import Database
from pincali_sync.doctor.check import Check, Level, Patient
from pincali_sync.doctor.checks import CHECKS, SITE
from pincali_sync.doctor.examination import Line, examine

BY_NAME: Mapping[str, Check] = {check.name: check for check in (*CHECKS, SITE)}


@dataclass(kw_only=True)
class Surgery:
    """Where checks are made by name."""

    db: Database
    clock: Clock
    home: Path
    variables: dict[str, Any] = field(default_factory=dict)

    async def lines(self, *names: str, fix: bool = False, **variables: Any) -> list[Line]:
        """What is told of these checks."""
        given = {"scrapyd_urls": "local", "pincali_home": self.home, **self.variables, **variables}
        services = build_services(load_config(**given), clock=self.clock, db=self.db)
        checks = [BY_NAME[name] for name in names]
        return [line async for line in examine(Patient(services=services), checks, fix=fix)]

    async def told(self, name: str, *, fix: bool = False, **variables: Any) -> tuple[Level, str]:
        """How the only line of a check is, and all that it says."""
        [line] = await self.lines(name, fix=fix, **variables)
        said = f"{line.finding.what} -> {line.finding.remedy} ({line.mended})"
        return line.finding.level, said

    async def level(self, name: str, *, fix: bool = False, **variables: Any) -> Level:
        """How the only line of a check is."""
        return (await self.told(name, fix=fix, **variables))[0]
