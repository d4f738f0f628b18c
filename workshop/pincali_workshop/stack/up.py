"""Starting and stopping the whole local stack; doing either twice does no harm."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from pincali_sync.bootstrap import database_url
from pincali_sync.config import Config, is_loopback
from pincali_sync.db import migrate
from pincali_sync.db.engine import address_of
from pincali_sync.doctor.precautions import precautions
from pincali_sync.exceptions import UsageError
from pincali_workshop.stack import embedded
from pincali_workshop.stack.scrapyd import ScrapydNode, node_of


def up(config: Config) -> Iterator[str]:
    """Starts what is configured to run here, and upgrades the schema."""
    yield from (f"take care: {line}" for line in precautions())
    url = database_url(config, make=True)
    migrate.upgrade(url)
    yield f"PostgreSQL: {address_of(url)}, schema up to date"
    for node in _local_nodes(config):
        started = node.start(job_environment(config, url))
        state = "" if started else ", was running: a changed variable counts after `make down`"
        yield f"Scrapyd: {node.url}, log {node.log}{state}"


def down(config: Config) -> Iterator[str]:
    """Stops what `up` started; a database and nodes of yours are left alone."""
    for node in _local_nodes(config):
        yield f"Scrapyd: {'stopped' if node.stop() else 'was not running'}"
    if config.database_url is None:
        stopped = embedded.stop(config.home)
        yield f"PostgreSQL: {'stopped' if stopped else 'was not running'}"


def status(config: Config) -> Iterator[str]:
    """Says what runs."""
    for node in _local_nodes(config):
        yield f"Scrapyd: {f'running at {node.url}' if node.is_running() else 'down'}"
    if config.database_url is None:
        url = embedded.running_url(config.home)
        yield f"PostgreSQL: {f'running at {address_of(url)}' if url else 'down'}"


def reader(config: Config) -> Iterator[str]:
    """Makes a role that only reads, for dashboards and analysts."""
    if config.database_url is not None:
        raise UsageError("the database is yours: run scripts/readonly_role.sql with psql")
    migrate.upgrade(database_url(config, make=True))
    yield embedded.reader_url(config.home)


def job_environment(config: Config, url: str) -> Mapping[str, str]:
    """What a node's jobs must find in their environment: they run in another folder, so every
    variable is handed over as it is in force here, `.env` included."""
    values = {
        name.upper(): _as_text(getattr(config, name), "|" if name == "user_agents" else ",")
        for name in config.model_fields_set | {"pincali_home"}
        if getattr(config, name) is not None
    }
    return {**values, "PINCALI_HOME": str(config.home), "DATABASE_URL": url}


def _as_text(value: object, separator: str) -> str:
    if isinstance(value, tuple):
        return separator.join(map(str, value))
    if isinstance(value, Path):
        return str(value.expanduser().absolute())
    secret = getattr(value, "get_secret_value", None)
    return str(secret() if secret is not None else value)


def _local_nodes(config: Config) -> list[ScrapydNode]:
    if config.runs_locally:
        return []
    password = config.scrapyd_password
    return [
        node_of(
            url,
            config.home,
            username=config.scrapyd_username or "",
            password=password.get_secret_value() if password else "",
        )
        for url in config.scrapyd_urls
        if is_loopback(url)
    ]
