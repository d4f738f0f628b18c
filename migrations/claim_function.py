"""The function that leases rows of the queue (migration 0018), as later migrations change it."""

from __future__ import annotations

from alembic import op

_FUNCTION = "claim_queued(integer, boolean, timestamptz, timestamptz, text, uuid, uuid)"


def claim_with(new: str, *, instead_of: str) -> None:
    """Replaces a part of it wherever it occurs."""
    op.execute(f"""
        DO $do$
        BEGIN
            EXECUTE replace(pg_get_functiondef('{_FUNCTION}'::regprocedure),
                            $old${instead_of}$old$, $new${new}$new$);
        END $do$
        """)
