"""`/metrics` for Prometheus and `/healthz` for whoever watches this process."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import Metric as Family
from prometheus_client.registry import Collector
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from pincali_sync.services.insights.metrics import METRICS, Metric
from pincali_sync.services.insights.snapshot import Snapshot
from pincali_sync.web.site import site_of
from pincali_sync.web.snapshots import OLDEST


async def metrics(request: Request) -> Response:
    """The last snapshot in the format that the scraper asks for."""
    snapshots = site_of(request).snapshots
    figures = _Figures(await snapshots.current(), snapshots.age_seconds)
    encode, content_type = choose_encoder(request.headers.get("accept", ""))
    return Response(encode(figures), headers={"content-type": content_type})


async def health(request: Request) -> Response:
    """200 while the figures are fresh, else 503 with the reason."""
    snapshots = site_of(request).snapshots
    if await snapshots.current() is not None:
        return PlainTextResponse("ok\n")
    age = snapshots.age_seconds
    reason = (
        "the figures could not be read yet: is the database up?"
        if age is None
        else f"the figures are {age:.0f} s old, more than {OLDEST.total_seconds():.0f}: "
        "is the database up?"
    )
    return PlainTextResponse(f"{reason}\n", status_code=503)


@dataclass(frozen=True, slots=True)
class _Figures(Collector):
    """One snapshot as metrics; figures too old to show are left out."""

    snapshot: Snapshot | None
    age: float | None

    def collect(self) -> Iterator[Family]:
        yield GaugeMetricFamily(
            "pincali_snapshot_up",
            "Whether figures are shown: read within the last minute.",
            value=int(self.snapshot is not None),
        )
        age = GaugeMetricFamily(
            "pincali_snapshot_age_seconds", "How old the last figures are, shown or not."
        )
        if self.age is not None:
            age.add_metric((), self.age)
        yield age
        if self.snapshot is not None:
            yield InfoMetricFamily(
                "pincali_build", "The version of the program.", {"version": version("pincali-sync")}
            )
            for metric in METRICS:
                yield _family(metric, self.snapshot)


def _family(metric: Metric, snapshot: Snapshot) -> Family:
    kind = CounterMetricFamily if metric.kind == "counter" else GaugeMetricFamily
    family = kind(metric.name, metric.help, labels=metric.labels)
    for sample in metric.samples(snapshot):
        family.add_metric([sample.labels[name] for name in metric.labels], sample.value)
    return family
