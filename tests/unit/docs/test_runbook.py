"""Whoever is woken by an alert or finds a line in a log finds it in the runbook, too."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from pincali_sync.domain.alerts import ALERT_RULES
from tests.support.monitoring import ROOT, prometheus_rules

PACKAGE = ROOT / "pincali_sync"
RUNBOOK = (ROOT / "docs" / "runbook.md").read_text()
LEVELS = {"warning", "error", "exception", "critical", "log"}  # `log` is told its level
PLACEHOLDER = re.compile(r"%[srdgi]")
# Lines that are nothing but an error's own words.
WORDS_OF_ERRORS = {
    "extensions/run_lifecycle.py": ["job … was started before or was given up"],
    "pipelines/batcher.py": [
        "job … was given up or has ended: what it still sends is refused",
    ],
    "repeating.py": [
        "no heartbeat: …",
        "the heart beats again",
        "the figures cannot be read: …",
        "the figures can be read again",
        "the runner's lock could not be renewed: …",
        "the runner's lock is renewed again",
    ],
    "services/data_sync_service.py": [
        "property_stats belongs to another role and was not refreshed: …",
    ],
    "spiders/sitemap.py": [
        "the sitemap index cannot be read: …",
        "… is no sitemap index: …",
        "… names no shard with listings",
    ],
    "spiders/verification.py": [
        "a listing that should be there is not shown (…): nothing can be verified",
    ],
}


def sources() -> Iterator[tuple[str, ast.Module]]:
    for path in sorted(PACKAGE.rglob("*.py")):
        yield path.relative_to(PACKAGE).as_posix(), ast.parse(path.read_text())


def log_calls(tree: ast.Module) -> Iterator[ast.Call]:
    """The calls that may write a line at WARNING or above."""
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in LEVELS
            and ast.unparse(node.func.value) in {"logger", "self.logger"}
        ):
            yield node


def format_of(call: ast.Call) -> str:
    assert isinstance(call.func, ast.Attribute)
    text = ast.literal_eval(call.args[1 if call.func.attr == "log" else 0])
    assert isinstance(text, str)
    return text


def messages() -> Iterator[tuple[str, str]]:
    """Every line that a log may hold, with `…` for what is filled in, and where it comes from."""
    for name, tree in sources():
        for call in log_calls(tree):
            text = format_of(call)
            if PLACEHOLDER.sub("", text).strip():
                yield name, re.sub("…+", "…", PLACEHOLDER.sub("…", text))
            else:
                yield from ((name, words) for words in WORDS_OF_ERRORS.get(name, [text]))


def section(title: str) -> str:
    _, _, rest = RUNBOOK.partition(f"\n## {title}\n")
    assert rest
    return rest.partition("\n## ")[0]


def explained(table: str) -> set[str]:
    """What stands between backticks in the first column."""
    first = [row.split(" | ")[0] for row in table.splitlines() if row.startswith("| ")]
    return {span for cell in first for span in re.findall(r"`([^`]+)`", cell)}


def test_every_line_at_warning_or_above_is_explained() -> None:
    known = explained(section("What a message means"))
    # A command in backticks would end the code span: what comes before it is enough.
    wanted = [(name, text.partition("`")[0].rstrip(" ;:")) for name, text in messages()]
    assert len(wanted) > 30
    assert [each for each in wanted if not any(says(span, each[1]) for span in known)] == []


def says(span: str, message: str) -> bool:
    """Whether a code span shows this message, perhaps with something filled in."""
    pattern = ".+".join(map(re.escape, message.split("…")))
    return re.fullmatch(pattern, span) is not None


def test_every_word_of_an_error_is_in_the_code() -> None:
    code = "".join(path.read_text() for path in PACKAGE.rglob("*.py"))
    parts = [
        part.strip(" ():")
        for texts in WORDS_OF_ERRORS.values()
        for text in texts
        for part in text.split("…")
    ]
    assert [part for part in parts if part not in code] == []


def test_every_alert_is_explained_and_no_other() -> None:
    alerts = {rule["alert"] for rule in prometheus_rules()}
    assert {rule.name for rule in ALERT_RULES} < alerts
    assert explained(section("Alerts")) == alerts
