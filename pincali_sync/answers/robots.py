"""robots.txt, as RFC 9309 has it read: what may be asked for, and how often."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from protego import Protego

from pincali_sync.domain.limits import MAX_ROBOTS_BYTES
from pincali_sync.domain.tiers import ListingSource
from pincali_sync.items import FetchedPage

_OK = range(200, 300)
_TOO_MANY_REQUESTS = 429
_ERRORS = range(500, 600)
# What may name an agent, and what surely does: one counts, the other begins another group.
_AGENT = re.compile(r"user(?:-|\s*)agent", re.I)
_NAMED_AGENT = re.compile(r"user[- ]?agent\s*:", re.I)
_RULE = re.compile(r"(?:dis)?allow\s*:", re.I)
_VERSION = re.compile(r"^(user.?agent[ \t]*:[ \t]*[a-z_-]+)/\S*", re.I | re.M)
# A rule costs its time once for each agent of its group: so many, of the dearest kind, take half a
# second. Real files have some hundred.
_MOST_RULES = 10_000
_ANY_LISTING = "/en/home/-"  # no slug begins so: what forbids it is meant for them all


@dataclass(frozen=True, slots=True, kw_only=True)
class Robots:
    """What a host asks of us."""

    rules: Protego = field(default_factory=Protego)
    unreadable: str | None = None  # why its wishes are not known: until they are, it is left alone
    is_silent: bool = False  # for want of any answer: the way to it may be to blame

    def objection(self, url: str, user_agent: str) -> str | None:
        """Why a page is not asked for."""
        if self.unreadable is not None:
            return self.unreadable
        try:
            allowed = self.rules.can_fetch(url, user_agent)
        except ValueError:  # what cannot be looked up
            allowed = False
        return None if allowed else f"robots.txt forbids {url}"

    def refusal_of_pages(self, base_url: str, user_agents: Sequence[str]) -> str | None:
        """Why no page at all is asked for; None: what it forbids is some pages, and not their kind.

        Their kind it is where a source's first or second page may not be asked for, or a listing's
        page whatever its name.
        """
        targets = [f"{each.path}{page}" for each in ListingSource for page in ("", "?page=2")]
        for target in (*targets, _ANY_LISTING):
            for agent in user_agents:
                if objection := self.objection(f"{base_url}{target}", agent):
                    return f"{objection}, and pages of its kind: only the site can allow them"
        return None

    def crawl_delay(self, user_agents: Iterable[str]) -> float:
        """The longest that it asks any of these names for, in seconds; 0: it says nothing."""
        return max((self.rules.crawl_delay(agent) or 0.0 for agent in user_agents), default=0.0)


def read_robots(answer: FetchedPage) -> Robots:
    """A host without the file (4xx, or redirects without end) is free to read.

    Where the answer is an error of the host, or there is none, nothing may be asked for now.
    """
    status = answer.status
    if status is None or status == _TOO_MANY_REQUESTS or status in _ERRORS:
        said = f"robots.txt cannot be read: {answer.failure}"
        return Robots(unreadable=said, is_silent=status is None)
    if status not in _OK:
        return Robots()
    lines = _lines_of(answer.body)
    if _rules_in(lines) > _MOST_RULES:
        return Robots(unreadable="robots.txt cannot be read: it holds rules beyond measure")
    # Groups are for products: a version names no other one.
    return Robots(rules=Protego.parse(_VERSION.sub(r"\1", "\n".join(lines))))


def _lines_of(body: bytes) -> list[str]:
    """The file's lines, whatever ends them: the parser knows more line ends than one."""
    text = body[:MAX_ROBOTS_BYTES].decode("utf-8-sig", "ignore")
    return [stripped for line in text.splitlines() if (stripped := line.strip())]


def _rules_in(lines: Iterable[str]) -> int:
    """How many rules these lines are to the parser, at the most: each is one for each agent."""
    rules = agents = 0
    has_rules = False  # the group does: an agent that is named now is another group's
    for line in lines:
        if not _AGENT.match(line):
            rules += agents
            has_rules = has_rules or _RULE.match(line) is not None
            continue
        if has_rules and _NAMED_AGENT.match(line):
            agents, has_rules = 0, False
        agents += 1
    return rules
