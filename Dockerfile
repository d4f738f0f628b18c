# One image for everything: runner, web, Scrapyd, jobs of scrapyd-k8s. What each part does is its command.
# Built from a checkout: `docker build -t pincali-sync:0.1.0 .`
ARG BASE=debian:12.12-slim

FROM ${BASE} AS packages
# Their versions are the distribution's: pinned, they would soon be none, and no fault in them be mended.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends python3 python3-venv \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /opt/pincali-sync
COPY requirements-installers.txt requirements.txt ./
# Only what was recorded is installed, and nothing is built, as in scripts/setup.sh.
RUN python3 -m venv .venv \
    && .venv/bin/pip install --no-cache-dir --require-hashes --only-binary :all: -r requirements-installers.txt \
    && .venv/bin/uv pip install --no-cache --python .venv/bin/python \
        --require-hashes --only-binary :all: -r requirements.txt
COPY pyproject.toml setup.py scrapy.cfg alembic.ini requirements.in README.md LICENSE ./
COPY pincali_sync pincali_sync
COPY migrations migrations
COPY scripts scripts
COPY docs/runbook.md docs/
RUN .venv/bin/uv pip install --no-cache --python .venv/bin/python --no-deps --no-build-isolation -e . \
    && .venv/bin/python -m compileall -q .venv/lib pincali_sync

# The pooler of deploy/compose.yaml: the one that the tests run through.
FROM ${BASE} AS pgbouncer
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends pgbouncer \
    && rm -rf /var/lib/apt/lists/*
# Of the package's own user, who may write nothing.
USER 65534:65534
CMD ["pgbouncer", "/etc/pgbouncer/pgbouncer.ini"]

FROM ${BASE} AS pincali-sync
# killall5, of sysvinit-utils, is how scrapyd-k8s ends a job; tini gathers what a killed browser leaves;
# Playwright's driver stands on libatomic.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates chromium libatomic1 python3 sysvinit-utils tini \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --no-create-home --home-dir /var/lib/pincali-sync --shell /usr/sbin/nologin pincali-sync \
    && install -d -m 700 -o pincali-sync -g pincali-sync /var/lib/pincali-sync
COPY --from=packages /opt/pincali-sync /opt/pincali-sync
COPY deploy/scrapyd/scrapy.cfg /opt/scrapyd/
COPY deploy/scrapyd/image.conf /etc/scrapyd/scrapyd.conf
ENV PATH=/opt/pincali-sync/.venv/bin:$PATH \
    PINCALI_HOME=/var/lib/pincali-sync \
    PYTHONDONTWRITEBYTECODE=1 \
    SCRAPY_SETTINGS_MODULE=pincali_sync.settings
LABEL org.opencontainers.image.title="Pincali Sync" \
    org.opencontainers.image.licenses="MIT" \
    org.scrapy.project="pincali-sync" \
    org.scrapy.spiders="detail,manifest,sitemap,verification"
USER 10001:10001
WORKDIR /opt/pincali-sync
VOLUME /var/lib/pincali-sync
# To the whole group: a shell that loops would keep an order to stop from what it runs.
ENTRYPOINT ["tini", "-g", "--"]
CMD ["pincali-sync", "--help"]
# Of the dashboard; the other parts have another one, or none, where they are started.
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8080/healthz', timeout=4)"]
