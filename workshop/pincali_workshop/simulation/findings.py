"""What a simulated month is judged by."""

from __future__ import annotations

from dataclasses import dataclass, field

from pincali_workshop.standin.world.removal import RemovalMode

LEAST_RECALL = 0.95  # of those gone for three weeks, in each way that their pages answer
_LEAST_RECALL_OF_ALL = 0.98
_LEAST_NOTICED = 0.99
_MOST_WAITING = 0.002  # of prices that were compared


@dataclass
class Gone:
    """Listings that have been gone for three weeks in one way, and what became of their rows."""

    known: int = 0
    settled: int = 0  # removed; of the unlisted ones: off the market
    left: list[str] = field(default_factory=list)

    @property
    def recall(self) -> float:
        """The share that was settled."""
        return self.settled / self.known if self.known else 1.0

    @property
    def is_enough(self) -> bool:
        """Whether as many were settled as the bound asks for; of a handful, one may be left."""
        return len(self.left) <= max(1, (1 - LEAST_RECALL) * self.known)


@dataclass
class Findings:
    """Lists name the records that went wrong."""

    new_shown: int = 0  # newcomers on first pages
    new_not_live: list[str] = field(default_factory=list)
    new_waiting: list[str] = field(default_factory=list)  # known; each attempt at the page failed
    prices_compared: int = 0
    prices_missed: list[str] = field(default_factory=list)
    prices_waiting: list[str] = field(default_factory=list)  # noticed; each attempt failed so far
    price_visits: int = 0  # visits that a price change was the reason for
    prices_invented: list[str] = field(default_factory=list)
    price_changes: int = 0  # journalled
    price_changes_false: list[str] = field(default_factory=list)
    removed: int = 0  # journalled
    removed_falsely: list[str] = field(default_factory=list)
    unlisted_removed: list[str] = field(default_factory=list)  # though their pages are there
    gone_for_two_scans: int = 0
    gone_not_noticed: list[str] = field(default_factory=list)
    gone_by_way: dict[str, Gone] = field(default_factory=dict)
    returned: int = 0  # listings that were removed and came back
    return_not_noticed: list[str] = field(default_factory=list)
    doubles: list[str] = field(default_factory=list)  # listings with more rows than one
    strangers: list[str] = field(default_factory=list)  # rows of what is no listing of the site
    renamed: int = 0  # of the live listings
    taken_over: int = 0  # slugs
    visits: int = 0  # of detail pages
    visited_too_often: list[str] = field(default_factory=list)
    alerts_unexplained: list[str] = field(default_factory=list)
    pauses: int = 0
    batches_held: int = 0
    most_pending: int = 0

    @property
    def all_true(self) -> bool:
        """Nothing false, nothing overlooked but what the bounds allow."""
        wrong = (
            *(self.new_not_live, self.prices_missed, self.prices_invented),
            *(self.price_changes_false, self.removed_falsely, self.unlisted_removed),
            *(self.return_not_noticed, self.doubles, self.strangers, self.visited_too_often),
            self.alerts_unexplained,
        )
        return (
            not any(wrong)
            and len(self.prices_waiting) <= _MOST_WAITING * self.prices_compared
            and self.removals_noticed >= _LEAST_NOTICED
            and all(gone.is_enough for gone in self.gone_by_way.values())
            and self.recall >= _LEAST_RECALL_OF_ALL
        )

    @property
    def recall(self) -> float:
        """The share that was settled of all that have been gone for three weeks."""
        ways = self.gone_by_way.values()
        known = sum(gone.known for gone in ways)
        return sum(gone.settled for gone in ways) / known if known else 1.0

    @property
    def removals_noticed(self) -> float:
        """The share of those gone for two scans that was noticed."""
        missed = len(self.gone_not_noticed)
        return 1 - missed / self.gone_for_two_scans if self.gone_for_two_scans else 1.0

    def lists(self) -> dict[str, list[str]]:
        """All records that went wrong in some way, by the name of it."""
        ways = {f"gone_by_way {way}": gone.left for way, gone in self.gone_by_way.items()}
        named = {**vars(self), **ways}
        return {name: wrong for name, wrong in named.items() if wrong and isinstance(wrong, list)}

    def note_gone(self, way: RemovalMode | str, public_id: str, *, settled: bool) -> None:
        """One listing that has been gone for three weeks."""
        gone = self.gone_by_way.setdefault(str(way), Gone())
        gone.known += 1
        gone.settled += settled
        if not settled:
            gone.left.append(public_id)
