"""What a run notes is typed here and JSON in its row, which other versions wrote too."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from uuid import uuid4

from pincali_sync.domain.anomalies import Anomaly
from pincali_sync.domain.coverage import SourceScan
from pincali_sync.domain.run_notes import RemovalsNote, RunNotes


def stored(notes: RunNotes) -> str:
    return notes.model_dump_json(exclude_unset=True)


def test_only_what_was_noted_is_stored() -> None:
    assert stored(RunNotes()) == "{}"
    assert stored(RunNotes(frontiers={})) == '{"frontiers":{}}'
    assert stored(RunNotes(frontiers={"sale": None})) == '{"frontiers":{"sale":null}}'


def test_what_is_stored_is_read_as_it_was_noted() -> None:
    notes = RunNotes(
        depths={"sale": 0},
        sources=(SourceScan(source="sale", pages_lost=2, started_at=datetime.now(UTC)),),
        anomalies=(Anomaly(what="cards per page", value=3.5, usual=None),),
        removals=RemovalsNote(batch=uuid4(), status="applied", proven=3, removed=2),
        quality={"listings": 5},
    )
    assert RunNotes.model_validate_json(stored(notes)) == notes


def test_a_row_of_another_version_is_read_as_far_as_it_goes() -> None:
    row = {"sources": [{"source": "rent", "gaps": ["a"], "mood": 1}], "weather": "fine"}
    notes = RunNotes.model_validate(json.loads(json.dumps(row)))
    assert notes.sources == (SourceScan(source="rent", gaps=("a",)),)
    assert (notes.is_scanned, notes.removed, notes.certificates) == (True, 0, ())
    assert not RunNotes().is_scanned
