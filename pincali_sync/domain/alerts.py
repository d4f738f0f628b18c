"""When somebody must be told: one table for the tier runner and for Prometheus.

A rule compares one metric with a number, so that both judge the same figures the same way:
`make rules` writes `monitoring/prometheus/pincali-sync.rules.yml` from this table.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Literal

from pincali_sync.language import ENGLISH, N_, _, current, ngettext, speaking


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One value of one metric."""

    metric: str
    labels: Mapping[str, str] = field(default_factory=dict)
    value: float

    @property
    def subject(self) -> str:
        """What the value is about, such as "tier=3 source=rent"; empty: the whole."""
        return " ".join(f"{name}={value}" for name, value in self.labels.items())

    @property
    def key(self) -> str:
        """Metric and subject in one."""
        return f"{self.metric} {self.subject}".strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertRule:
    """A condition that a person should know of."""

    name: str
    metric: str
    severity: Literal["warning", "critical"]
    summary: str  # what is the matter; the subject is added
    remedy: str  # what to do
    comparison: Literal[">", "<"] = ">"
    threshold: float = 0
    hold: timedelta = timedelta(0)  # how long it must last before anybody is told
    only: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # label -> values meant
    shown_as: Literal["share", "seconds", "number", "nothing"] = "number"
    counted: Callable[[int], str] | None = None  # the summary, where the value is part of it
    page: str  # of the dashboard, where it is to be looked at

    def is_broken_by(self, sample: Sample) -> bool:
        """Whether the rule is about this sample, and its value is on the wrong side."""
        is_meant = all(sample.labels.get(name) in values for name, values in self.only.items())
        above, below = sample.value > self.threshold, sample.value < self.threshold
        is_wrong = above if self.comparison == ">" else below
        return sample.metric == self.metric and is_meant and is_wrong


@dataclass(frozen=True, slots=True, kw_only=True)
class Firing:
    """A rule that is broken now, and by what."""

    rule: AlertRule
    sample: Sample

    @property
    def message(self) -> str:
        """One line of the log: what, how much, and what to do; in English."""
        with speaking(ENGLISH):
            return _told(self.rule, self.sample.subject, self.sample.value)


def told(alert: str, subject: str, value: float, message: str) -> str:
    """The message of an alert in the language spoken.

    Args:
        message: as it was kept; it is shown where the rule is no more.
    """
    rule = next((each for each in ALERT_RULES if each.name == alert), None)
    return message if rule is None or current() == ENGLISH else _told(rule, subject, value)


def _told(rule: AlertRule, subject: str, value: float) -> str:
    about = f" ({subject})" if subject else ""
    if rule.counted:
        return f"{rule.counted(round(value))}{about}. {_(rule.remedy)}"
    shown = f": {_shown(rule, value)}" if rule.shown_as != "nothing" else ""
    return f"{_(rule.summary)}{about}{shown}. {_(rule.remedy)}"


def _shown(rule: AlertRule, value: float) -> str:
    if rule.shown_as == "seconds":
        days, rest = divmod(timedelta(seconds=round(value)), timedelta(days=1))
        if not days:
            return _("%(time)s (h:mm:ss)", time=rest)
        return ngettext(
            "%(num)s day, %(time)s (h:mm:ss)", "%(num)s days, %(time)s (h:mm:ss)", days, time=rest
        )
    if rule.shown_as != "share":
        return f"{value:g}"
    percent, limit = f"{value:.1%}", f"{rule.threshold:.0%}"
    if rule.comparison == ">":
        return _("%(value)s, above %(limit)s", value=percent, limit=limit)
    return _("%(value)s, below %(limit)s", value=percent, limit=limit)


def firing(samples: Sequence[Sample], rules: Sequence[AlertRule]) -> list[Firing]:
    """Every rule that a sample breaks, in the order of the rules."""
    return [
        Firing(rule=rule, sample=sample)
        for rule in rules
        for sample in samples
        if rule.is_broken_by(sample)
    ]


_critical = partial(AlertRule, severity="critical")
_warning = partial(AlertRule, severity="warning")

ALERT_RULES = (
    _critical(
        name="TierOverdue",
        page="/runs",
        metric="pincali_tier_overdue_seconds",
        hold=timedelta(minutes=5),
        shown_as="seconds",
        summary=N_("A tier has not completed a run in its expected window"),
        remedy=N_("`pincali-sync status` and `history` say why; is cron calling the tier runner?"),
    ),
    _warning(
        name="TierFailed",
        page="/runs",
        metric="pincali_tier_failures_in_a_row",
        summary="Failed runs of a tier in a row",
        counted=lambda count: ngettext(
            "%(num)s run of a tier failed", "%(num)s runs of a tier failed in a row", count
        ),
        remedy=N_("`pincali-sync history` says why; it is started again by itself."),
    ),
    _warning(
        name="QueueBacklog",
        page="/queue",
        metric="pincali_queue_backlog_ratio",
        threshold=1,
        hold=timedelta(hours=4),  # changed prices wait for the weekly scan
        shown_as="share",
        summary=N_("The queue's backlog is above its threshold"),
        remedy=N_(
            "`pincali-sync queue-stats`; during a first sync nothing, else look at the workers."
        ),
    ),
    _critical(
        name="ErrorRateHigh",
        page="/runs",
        metric="pincali_tier_error_ratio",
        threshold=0.10,
        shown_as="share",
        summary=N_("Too many requests of a tier's last run failed"),
        remedy=N_("`pincali-sync history RUN` and the jobs' logs say which."),
    ),
    _warning(
        name="DetailsFailing",
        page="/errors",
        metric="pincali_queue_failure_ratio",
        threshold=0.10,
        shown_as="share",
        summary=N_("Too many detail pages of the last day were set aside"),
        remedy=N_("`pincali-sync dead-letters` says why; `retry --all` once the cause is gone."),
    ),
    _critical(
        name="PropertyCountDropped",
        page="/runs",
        metric="pincali_scan_drop_ratio",
        threshold=0.05,
        shown_as="share",
        summary=N_("The last weekly scan found far fewer listings than the one before"),
        remedy=N_("`pincali-sync history RUN`: was it cut short, or did the site change?"),
    ),
    _critical(
        name="ScanFoundTooFew",
        page="/runs",
        metric="pincali_scan_found_ratio",
        comparison="<",
        threshold=0.50,
        shown_as="share",
        summary=N_("A scan found fewer than half of the listings it should have"),
        remedy=N_(
            "Save a page and `pincali-sync parse listing FILE --url URL`; nothing was removed."
        ),
    ),
    _warning(
        name="RunUnusual",
        page="/runs",
        metric="pincali_run_anomalies",
        summary="Ways in which a tier's last scan is unlike those before",
        counted=lambda count: ngettext(
            "A tier's last scan is unlike those before in %(num)s way",
            "A tier's last scan is unlike those before in %(num)s ways",
            count,
        ),
        remedy=N_("`pincali-sync history RUN` says in what: the site's markup may have changed."),
    ),
    _critical(
        name="SitePaused",
        page="/pauses",
        metric="pincali_paused",
        only={"kind": ("refused", "rate")},
        shown_as="nothing",
        summary=N_("Work rests because of the site"),
        remedy=N_("`pincali-sync status` says why. Never try to get round a refusal."),
    ),
    _warning(
        name="SiteBusy",
        page="/pauses",
        metric="pincali_paused",
        hold=timedelta(hours=1),
        only={"kind": ("busy",)},
        shown_as="nothing",
        summary=N_("The site has been too busy for an hour, and everything rests"),
        remedy=N_("It is tried again by itself; often: raise SITE_MIN_GAP_SECONDS."),
    ),
    _warning(
        name="RemovalsHeld",
        page="/removals",
        metric="pincali_removal_batches_held",
        summary="Batches of removals wait for a decision",
        counted=lambda count: ngettext(
            "%(num)s batch of removals needs your decision",
            "%(num)s batches of removals need your decision",
            count,
        ),
        remedy=N_("`pincali-sync removals list`, then approve or reject."),
    ),
    _critical(
        name="RemovalsFalse",
        page="/removals",
        metric="pincali_removal_false_positive_ratio_low",
        threshold=0.05,
        shown_as="share",
        summary=N_("More than one in twenty confirmed removals is still on the site, at the least"),
        remedy=N_("`pause --tier 2` and `--tier 3`; look at some with `pincali-sync explain`."),
    ),
    _warning(
        name="WebhookFailing",
        page="/",
        metric="pincali_webhook_failing_seconds",
        threshold=900,
        shown_as="seconds",
        summary=N_("A target of webhooks takes no changes"),
        remedy=N_("`pincali-sync webhooks list` says why; what it misses waits for it."),
    ),
)
