"""How often a record's page may be asked for, and how long it rests: the one place of the rule.

Without news of a listing its page is asked for at most twice in seven days, whoever wants it: rows
of reasons that are no news find no place beside that many attempts, and have no further attempt of
their own then. What is asked in vain rests ever longer. An attempt that was lost with its worker is
none of those: see `QueueRepository.reclaim_expired`. `QueuedProperty` knows the rule for a row that
is being fetched.
"""

from __future__ import annotations

from pincali_sync.items import FETCHES_A_WEEK, UNCLEAR

LONGEST_DAYS = 56

FETCHED_SINCE = "fetched since"  # the error of a failed row whose page came in the end

# A row `q` that was asked for and ended without a page.
VAIN_ROW = "(q.status = 'failed' OR q.status = 'cancelled' AND q.attempt_count > 0)"
# Beside the live row `l`, if there is one: and no page came since.
VAIN_SINCE = f"({VAIN_ROW} AND q.completed_at > coalesce(l.last_full_scrape_at, '-infinity'))"
# Beside the live row `l`: its page said it was gone, and a card showed it since. It is there again,
# as old as it is, and was not asked for in vain. A page that left it open leaves it open again.
THERE_AGAIN = f"""(q.status = 'cancelled' AND q.attempt_count > 0
                   AND (q.last_error LIKE '{UNCLEAR}%') IS NOT TRUE
                   AND q.completed_at < coalesce(l.last_manifest_seen_at, '-infinity'))"""
# Those in vain, beside the live row `l`: how many, and since when it rests: since the latest, or
# where that was the week's second fetch, as the page was gone before, since the first. They are
# looked up record by record: grouped beforehand they were joined by comparing each with every
# record chosen.
IN_VAIN = f"""LATERAL (
       SELECT times, CASE WHEN times = 1 AND gone_at BETWEEN last_at - interval '7 days' AND last_at
                          THEN gone_at ELSE last_at END AS last_at
         FROM (SELECT count(*) FILTER (WHERE NOT {THERE_AGAIN}) AS times,
                      max(q.completed_at) FILTER (WHERE NOT {THERE_AGAIN}) AS last_at,
                      max(q.claimed_at) FILTER (WHERE {THERE_AGAIN}) AS gone_at
                 FROM scrape_queue q
                WHERE q.property_id = l.property_id AND {VAIN_SINCE}) asked) vain"""
WAS_IN_VAIN = "vain.times > 0"


def fetches(record: str, *, besides: str = "NULL") -> str:
    """An expression for the attempts at a record's page within seven days, without lost ones.

    Args:
        record: its property_id.
        besides: the id of a queue row that is not counted.
    """
    return f"""(SELECT coalesce(sum(greatest(f.attempt_count - f.lost_attempts, 0)), 0)::integer
                  FROM scrape_queue f
                 WHERE f.property_id = {record} AND f.id IS DISTINCT FROM {besides}
                   AND f.claimed_at > CAST(:now AS timestamptz) - interval '7 days')"""


def may_be_fetched(record: str) -> str:
    """A condition: a record's page was asked for less than twice in seven days."""
    return f"{fetches(record)} < {FETCHES_A_WEEK}"


def after(times: str, *, days: int = 7) -> str:
    """An expression for the rest of a page that was asked for in vain so many times, at least once.

    Args:
        days: after the first time; 1 where something is known to be new or to have changed, 6
            where the question comes weekly, and may come early, 12 where the page was there then.
    """
    return f"interval '1 day' * least({days} * power(2, least({times} - 1, 10)), {LONGEST_DAYS})"


# Whether such a record's page may be asked for again.
RESTED = f"(vain.last_at > :now - {after('vain.times')}) IS NOT TRUE"
