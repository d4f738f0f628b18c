"""What operators may set, and what they are told when a value is refused."""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import NamedTemporaryFile

import pytest

from pincali_sync.config import Config, is_loopback, load_config, misspelt
from pincali_sync.doctor.precautions import precautions
from pincali_sync.exceptions import ConfigError, ExitStatus
from tests.support.greatest import GREATEST
from tests.support.strangers import Give

NUMBERS = sorted(GREATEST)


def test_everything_has_a_default() -> None:
    config = load_config()
    assert config.database_url is None
    assert config.pincali_base_url == "https://www.pincali.com"
    assert config.sitemap_url == "https://www.pincali.com/sitemap.xml"
    assert config.scrapyd_urls == ("http://127.0.0.1:6800",)
    assert (config.site_min_gap_seconds, config.tiers_enabled) == (1.5, (1, 2, 3, 4))
    assert (config.tier_1_frequency_hours, config.tier_1_pages) == (6, 10)
    assert config.queue_max_pending == 10_000


def test_the_environment_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIER_1_PAGES", "3")
    monkeypatch.setenv("TIERS_ENABLED", "2, 1,1")
    monkeypatch.setenv("SCRAPYD_URLS", "http://one:6800/, http://two:6800")
    monkeypatch.setenv("USER_AGENTS", "Reader/1 (a, b) | Reader/2")
    config = load_config()
    assert config.tier_1_pages == 3
    assert config.tiers_enabled == (1, 2)
    assert config.scrapyd_urls == ("http://one:6800", "http://two:6800")
    assert config.user_agents == ("Reader/1 (a, b)", "Reader/2")


def test_a_file_is_read_and_the_environment_wins(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".env").write_text("TIER_1_PAGES=3\nTIER_2_PAGES=4\n")
    monkeypatch.setitem(Config.model_config, "env_file", tmp_path / ".env")
    monkeypatch.setenv("TIER_2_PAGES", "5")
    config = load_config()
    assert (config.tier_1_pages, config.tier_2_pages) == (3, 5)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_a_file_may_begin_with_a_byte_order_mark(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, encoding: str
) -> None:
    (tmp_path / ".env").write_text("TIER_1_PAGES=3\r\nTIER_2_PAGES=4\r\n", encoding)
    monkeypatch.setitem(Config.model_config, "env_file", tmp_path / ".env")
    config = load_config()
    assert (config.tier_1_pages, config.tier_2_pages) == (3, 4)


@pytest.mark.parametrize("content", ["TIER_1_PAGES=3\n".encode("utf-16"), b"WEB_TOKEN=\xe9\xe8\n"])
def test_a_file_in_another_encoding_is_named_in_one_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: bytes
) -> None:
    (tmp_path / ".env").write_bytes(content)
    monkeypatch.setitem(Config.model_config, "env_file", tmp_path / ".env")
    with pytest.raises(ConfigError) as caught:
        load_config()
    assert str(caught.value) == f"{tmp_path}/.env cannot be read: it is no UTF-8 text"


def test_a_file_that_cannot_be_read_is_named_in_one_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".env").symlink_to("/proc/self/mem")  # a file that nobody reads, root included
    monkeypatch.setitem(Config.model_config, "env_file", tmp_path / ".env")
    with pytest.raises(ConfigError, match=r"\.env cannot be read: Input/output error"):
        load_config()


@pytest.mark.parametrize(
    ("given", "targets"),
    [
        ("json://one json://two", ("json://one", "json://two")),
        ("json://one,json://two", ("json://one", "json://two")),
        (" json://one ,\tjson://two, ", ("json://one", "json://two")),
        ("json://one?to=a,b,json+x://two?to=c,d", ("json://one?to=a,b", "json+x://two?to=c,d")),
        ("mailto://me:x@example.org?to=a@b.org,c@d.org", None),
    ],
)
def test_a_comma_inside_an_alert_url_is_part_of_it(
    given: str, targets: tuple[str, ...] | None
) -> None:
    assert load_config(alert_urls=given).alert_targets == (targets or (given,))


def test_a_file_that_another_user_has_put_here_is_refused(
    monkeypatch: pytest.MonkeyPatch, give_to_a_stranger: Give
) -> None:
    with NamedTemporaryFile(prefix=".env-") as file:  # in a folder of root's, open to all
        monkeypatch.setitem(Config.model_config, "env_file", file.name)
        load_config()
        give_to_a_stranger(Path(file.name))
        with pytest.raises(ConfigError, match="belongs to another user"):
            load_config()


@pytest.fixture
def strangers_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, give_to_a_stranger: Give
) -> Path:
    """A `.env` of another user, in a folder of that user's own."""
    file = tmp_path / ".env"
    file.write_text("TIER_1_PAGES=3")
    monkeypatch.setitem(Config.model_config, "env_file", file)
    for path in (tmp_path, file):
        give_to_a_stranger(path)
    return file


@pytest.mark.usefixtures("strangers_file")
def test_a_file_of_the_user_whose_folder_it_is_in_is_read_by_root(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert load_config().tier_1_pages == 3


def test_a_file_of_another_user_is_obeyed_by_nobody_else_wherever_it_lies(
    monkeypatch: pytest.MonkeyPatch, strangers_file: Path
) -> None:
    owner = strangers_file.stat().st_uid
    monkeypatch.setattr(os, "geteuid", lambda: owner + 1)
    with pytest.raises(ConfigError) as refused:
        load_config()
    assert str(refused.value) == (
        f"{strangers_file} belongs to another user, {strangers_file.owner()}: run this in a folder "
        "of your own, or give the file to the user that runs this (`chown`)"
    )
    monkeypatch.setattr(os, "geteuid", lambda: owner)
    assert load_config().tier_1_pages == 3


def test_an_empty_variable_is_one_that_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "")
    monkeypatch.setenv("TIER_1_PAGES", "")
    assert (load_config().database_url, load_config().tier_1_pages) == (None, 10)


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("DATABASE_URL", "mysql://user@host/db"),
        ("DATABASE_URL", "postgresql://host"),
        ("DATABASE_URL", "postgresql://host:port/db"),
        ("PINCALI_BASE_URL", "www.pincali.com"),
        ("PINCALI_SITEMAP_URL", "ftp://example.org/sitemap.xml"),
        ("SCRAPYD_URLS", "localhost"),
        ("SCRAPYD_URLS", "local,http://one:6800"),
        ("SCRAPYD_URLS", " , "),
        ("SITE_MIN_GAP_SECONDS", "-1"),
        ("SITE_MIN_GAP_SECONDS", "soon"),
        ("DETAIL_TRANSPORT", "carrier pigeon"),
        ("DETAIL_CONCURRENCY", "0"),
        ("TIER_1_FREQUENCY_HOURS", "0"),
        ("TIER_1_PAGES", "0"),
        ("TIERS_ENABLED", "1,5"),
        ("TIERS_ENABLED", "all"),
        ("QUEUE_MAX_PENDING", "0"),
        ("DISPLAY_TIMEZONE", "Mexico"),
        ("DISPLAY_TIMEZONE", "../etc/passwd"),
        ("LOG_LEVEL", "LOUD"),
    ],
)
def test_a_refused_value_is_named_with_what_is_accepted(
    monkeypatch: pytest.MonkeyPatch, name: str, given: str
) -> None:
    monkeypatch.setenv(name, given)
    with pytest.raises(ConfigError) as caught:
        load_config()
    description = Config.model_fields[name.lower()].description
    assert str(caught.value).startswith(f"{name}: ")
    assert f"(accepts: {description})" in str(caught.value)
    assert caught.value.exit_status is ExitStatus.USAGE


@pytest.mark.parametrize("name", NUMBERS)
def test_a_number_that_nothing_can_be_reckoned_with_is_refused_by_name(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    for given in ("inf", "-inf", "nan", "1e300", "9" * 400, "-1"):
        monkeypatch.setenv(name.upper(), given)
        with pytest.raises(ConfigError, match=rf"^{name.upper()}: .+\(accepts: .+\)$"):
            load_config()


@pytest.mark.parametrize("name", NUMBERS)
def test_every_number_may_be_as_great_as_is_said_and_no_greater(name: str) -> None:
    greatest = GREATEST[name]
    description = Config.model_fields[name].description or ""
    assert f"{greatest:,}" in description or str(greatest) in description
    assert getattr(load_config(**{name: greatest}), name) == greatest
    with pytest.raises(ConfigError, match=f"^{name.upper()}: "):
        load_config(**{name: greatest + 1})


def test_all_refused_values_are_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIER_1_PAGES", "none")
    monkeypatch.setenv("LOG_LEVEL", "LOUD")
    with pytest.raises(ConfigError) as caught:
        load_config()
    assert [line.split(":")[0] for line in str(caught.value).splitlines()] == [
        "TIER_1_PAGES",
        "LOG_LEVEL",
    ]


@pytest.mark.parametrize("name", ["SCRAPYD_USERNAME", "SCRAPYD_PASSWORD"])
def test_a_node_has_a_user_with_a_password_or_neither(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, "one-of-two")
    with pytest.raises(ConfigError, match="SCRAPYD_USERNAME and SCRAPYD_PASSWORD are set together"):
        load_config()


def test_a_password_is_neither_shown_nor_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://reader:open-sesame@host:nowhere/db")
    with pytest.raises(ConfigError) as caught:
        load_config()
    assert "open-sesame" not in str(caught.value)
    monkeypatch.setenv("DATABASE_URL", "postgresql://reader:open-sesame@host/db")
    monkeypatch.setenv("SCRAPYD_USERNAME", "reader")
    monkeypatch.setenv("SCRAPYD_PASSWORD", "open-barley")
    said = repr(load_config())
    assert "sesame" not in said
    assert "barley" not in said


@pytest.mark.parametrize("url", ["http://127.0.0.1:8000", "http://localhost", "http://[::1]:80"])
def test_pacing_may_be_turned_off_on_loopback(url: str) -> None:
    assert load_config(pincali_base_url=url, site_min_gap_seconds=0).site_min_gap_seconds == 0


@pytest.mark.parametrize(
    "url",
    [
        "https://www.pincali.com",
        "http://10.0.0.1",
        "http://localhost.example.org",
        "http://127.0.0.1.example.org",
    ],
)
def test_pacing_stays_on_everywhere_else(url: str) -> None:
    assert not is_loopback(url)
    with pytest.raises(ConfigError, match="SITE_MIN_GAP_SECONDS=0 is accepted only"):
        load_config(pincali_base_url=url, site_min_gap_seconds=0)


def test_a_user_name_that_looks_like_loopback_is_none() -> None:
    assert not is_loopback("http://127.0.0.1@example.org")


def test_local_runs_spiders_here() -> None:
    assert load_config(scrapyd_urls="local").runs_locally
    assert not load_config().runs_locally


def test_the_home_is_an_absolute_path() -> None:
    assert load_config(pincali_home=Path("state")).home == Path.cwd() / "state"
    assert load_config(pincali_home=Path("~/state")).home == Path.home() / "state"


def test_the_sitemap_follows_the_site_unless_it_is_given() -> None:
    site = load_config(pincali_base_url="http://127.0.0.1:8000/")
    assert site.sitemap_url == "http://127.0.0.1:8000/sitemap.xml"
    given = load_config(pincali_sitemap_url="http://127.0.0.1:1/index.xml")
    assert given.sitemap_url == "http://127.0.0.1:1/index.xml"


@pytest.mark.parametrize("names", ["|", " | ", "Reader/1\t(x)", "Lector/1 (ñ)", "A/1|\x7f"])
def test_a_name_that_no_header_may_have_is_refused(
    names: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("USER_AGENTS", names)
    with pytest.raises(ConfigError, match="USER_AGENTS: names nobody, or has a sign"):
        load_config()


def test_names_that_look_like_variables_and_are_none_are_named(
    env_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    env_file.write_text("TIER_ENABLED=1\nSITE_MIN_GAP_SECOND=10\nGRAFANA_PORT=1\nWEB_HOSTS=a.b\n")
    monkeypatch.setenv("DATABASE_URI", "postgresql://host/x")
    assert list(misspelt()) == [
        ("DATABASE_URI", "DATABASE_URL"),
        ("SITE_MIN_GAP_SECOND", "SITE_MIN_GAP_SECONDS"),
        ("TIER_ENABLED", "TIERS_ENABLED"),
    ]
    [*_, line] = precautions()
    assert line == "TIER_ENABLED is no variable of this program: TIERS_ENABLED is"
