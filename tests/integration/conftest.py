"""Fixtures of the tests that speak to the database."""

from __future__ import annotations

import pytest

from pincali_sync.bootstrap import Services, build_services
from pincali_sync.config import load_config
from pincali_sync.db.engine import Database
from tests.support.builders import SITE, Workshop
from tests.support.clock import FixedClock


@pytest.fixture
def shop(db: Database, clock: FixedClock) -> Workshop:
    return Workshop(db=db, clock=clock)


@pytest.fixture
def services(db: Database, clock: FixedClock) -> Services:
    return build_services(load_config(pincali_base_url=SITE), clock=clock, db=db)
