"""A real Scrapyd: started and stopped by us, and given our egg."""

from __future__ import annotations

import asyncio
import os
import re
import stat
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4
from zipfile import ZipFile

import httpx
import pytest
from pincali_workshop.stack.ports import free_port
from pincali_workshop.stack.scrapyd import ScrapydNode, node_of
from setuptools import find_packages

from pincali_sync.config import load_config
from pincali_sync.exceptions import RunnerError
from pincali_sync.runner.credentials import Credentials, credentials_of, netrc_of
from pincali_sync.runner.egg import build_egg, code_version
from pincali_sync.runner.scrapyd import ScrapydJobRunner
from pincali_sync.services.ports import JobSpec

pytestmark = pytest.mark.slow

ENVIRONMENT = {"DATABASE_URL": "postgresql://nobody@127.0.0.1:1/nowhere"}
SPIDERS = ["detail", "manifest", "sitemap", "verification"]
ROOT = Path(__file__).parents[3]
WORKSHOP = {"demo", "pincali_workshop", "simulation", "stack", "standin", "workshop"}


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "node"
    ScrapydNode(tmp_path / "node").stop()


@pytest.fixture(scope="module")
def egg(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("egg") / "pincali_sync.egg"
    path.write_bytes(build_egg())
    return path


def get(node: ScrapydNode, what: str, **query: str) -> dict[str, object]:
    answer: dict[str, object] = httpx.get(
        f"{node.url}/{what}.json",
        params=query,
        auth=node.credentials,
        timeout=60,
        trust_env=False,
    ).json()
    return answer


def send_egg(
    node: ScrapydNode, egg: Path, auth: Credentials | None, version: str = "1"
) -> httpx.Response:
    with egg.open("rb") as content:
        return httpx.post(
            f"{node.url}/addversion.json",
            data={"project": "pincali_sync", "version": version},
            files={"egg": content},
            auth=auth,
            timeout=60,
            trust_env=False,
        )


def test_a_node_knows_the_project_and_its_spiders_and_leaves_nothing_behind(folder: Path) -> None:
    node = ScrapydNode(folder)
    node.start(ENVIRONMENT)
    assert get(node, "listprojects")["projects"] == ["pincali_sync"]
    assert get(node, "listspiders", project="pincali_sync")["spiders"] == SPIDERS
    pid = int((folder / "scrapyd.pid").read_text())
    assert node.stop()
    assert not node.is_running()
    with pytest.raises(ProcessLookupError):
        os.killpg(pid, 0)
    assert not node.stop()


def test_another_process_finds_the_running_node_and_does_not_start_a_second(folder: Path) -> None:
    ScrapydNode(folder).start(ENVIRONMENT)
    pid = (folder / "scrapyd.pid").read_text()
    again = ScrapydNode(folder)
    again.start(ENVIRONMENT)
    assert (folder / "scrapyd.pid").read_text() == pid


def test_two_that_start_it_at_once_share_one_node(folder: Path) -> None:
    with ThreadPoolExecutor(2) as pool:
        started = list(pool.map(lambda _: ScrapydNode(folder).start(ENVIRONMENT), range(2)))
    assert sorted(started) == [False, True]
    assert ScrapydNode(folder).is_running()


def test_a_stale_process_id_never_ends_somebody_elses_process(folder: Path) -> None:
    folder.mkdir()
    innocent = subprocess.Popen(
        [sys.executable, "-c", "input()"], stdin=subprocess.PIPE, start_new_session=True
    )
    try:
        (folder / "scrapyd.pid").write_text(str(innocent.pid))
        assert not ScrapydNode(folder).stop()
        assert innocent.poll() is None
    finally:
        innocent.communicate(b"\n", timeout=10)
    assert innocent.returncode == 0


def test_a_password_may_hold_any_sign(folder: Path) -> None:
    password = "50%(off)s=#;xñ€"
    node = ScrapydNode(folder, username="ana", password=password)
    node.start(ENVIRONMENT)
    refused = httpx.get(f"{node.url}/listprojects.json", trust_env=False, timeout=60)
    assert refused.status_code == httpx.codes.UNAUTHORIZED
    runner = ScrapydJobRunner((node.url,), credentials=lambda _: ("ana", password))
    [seen] = asyncio.run(runner.look())
    assert seen.objection is None


def test_a_password_of_its_own_is_made_anew_at_each_start_and_is_its_owners_alone(
    tmp_path: Path,
) -> None:
    config = load_config(pincali_home=tmp_path, scrapyd_urls=f"http://127.0.0.1:{free_port()}")
    [url] = config.scrapyd_urls
    node = node_of(url, tmp_path)
    made = []
    for _ in range(2):
        node.start(ENVIRONMENT)
        told = credentials_of(config, url)
        found = httpx.get(
            f"{url}/listprojects.json",
            auth=httpx.NetRCAuth(str(netrc_of(node.log.parent))),  # as curl does
            trust_env=False,
        )
        modes = {stat.S_IMODE(path.stat().st_mode) & 0o077 for path in node.log.parent.iterdir()}
        assert node.stop()
        assert (found.json()["projects"], modes) == (["pincali_sync"], {0})
        made.append(told)
    assert None not in made
    assert made[0] != made[1]
    assert credentials_of(config, url) is None


def test_a_node_of_an_earlier_version_that_lets_everybody_in_is_started_anew(folder: Path) -> None:
    class Older(ScrapydNode):
        def _make_credentials(self) -> Credentials:
            return "", ""

    Older(folder).start(ENVIRONMENT)
    node = ScrapydNode(folder)
    assert httpx.get(f"{node.url}/listprojects.json", trust_env=False).is_success
    assert node.start(ENVIRONMENT)
    assert not httpx.get(f"{node.url}/listprojects.json", trust_env=False).is_success
    assert get(node, "listprojects")["projects"] == ["pincali_sync"]


def test_only_nodes_of_this_machine_are_told_the_password_that_was_made(tmp_path: Path) -> None:
    for port in (6800, 6801):
        folder = tmp_path / "scrapyd" / f"node-{port}"
        folder.mkdir(parents=True)
        netrc_of(folder).write_text(f"machine 127.0.0.1 login pincali password made-{port}\n")
    config = load_config(pincali_home=tmp_path)
    assert credentials_of(config, "http://127.0.0.1:6801") == ("pincali", "made-6801")
    assert credentials_of(config, "http://localhost:6800") == ("pincali", "made-6800")
    assert credentials_of(config, "http://node.example:6800") is None
    given = load_config(pincali_home=tmp_path, scrapyd_username="ana", scrapyd_password="given")
    assert credentials_of(given, "http://node.example:6800") == ("ana", "given")
    assert credentials_of(given, "http://127.0.0.1:6800") == ("ana", "given")


def test_a_port_of_somebody_else_is_refused(folder: Path, tmp_path: Path) -> None:
    node = ScrapydNode(folder)
    node.start(ENVIRONMENT)
    port = int(node.url.rpartition(":")[2])
    with pytest.raises(RunnerError, match=f"port {port} is taken"):
        ScrapydNode(tmp_path / "other", port=port).start(ENVIRONMENT)


def test_an_egg_without_a_password_is_refused_and_one_with_it_brings_the_project(
    folder: Path, egg: Path
) -> None:
    node = ScrapydNode(folder, project=False)
    node.start(ENVIRONMENT)
    assert get(node, "listprojects")["projects"] == []
    refused = send_egg(node, egg, None)
    assert refused.status_code == httpx.codes.UNAUTHORIZED
    assert get(node, "listprojects")["projects"] == []
    added = send_egg(node, egg, node.credentials).json()
    assert added["status"] == "ok"
    assert added["spiders"] == len(SPIDERS)
    assert get(node, "listspiders", project="pincali_sync")["spiders"] == SPIDERS
    runner = ScrapydJobRunner((node.url,), credentials=lambda _: node.credentials)
    [by_hand] = asyncio.run(runner.look())
    assert (by_hand.objection, by_hand.version) == (None, "1")
    send_egg(node, egg, node.credentials, "2-other")
    [other] = asyncio.run(runner.look())
    assert other.version == "2-other"
    assert re.search(
        r"version 2-other of the project and not .*`pincali-sync deploy`", str(other.objection)
    )
    with pytest.raises(RunnerError, match=r"refused schedule: version .* not found"):
        asyncio.run(runner.start(JobSpec(job_id=uuid4(), spider="detail"), node.url))
    took = asyncio.run(runner.deploy(node.url))
    assert took.endswith(code_version())
    [ours] = asyncio.run(runner.look())
    assert (ours.objection, ours.version) == (None, took.removeprefix("took "))
    assert asyncio.run(runner.deploy(node.url)) == f"has {ours.version} already"


def test_the_egg_carries_the_product_and_nothing_of_the_workshop(egg: Path) -> None:
    with ZipFile(egg) as archive:
        names = [Path(name) for name in archive.namelist()]
        entry_points = archive.read("EGG-INFO/entry_points.txt").decode()
    assert {name.parts[0] for name in names} == {"pincali_sync", "EGG-INFO"}
    assert Path("pincali_sync/settings.py") in names
    assert Path("pincali_sync/py.typed") in names
    assert not {part for name in names for part in (*name.parts, name.stem)} & WORKSHOP
    assert "pincali_sync.settings" in entry_points
    assert "pincali_sync.commands" not in entry_points


def test_a_build_in_the_checkout_takes_the_product_only() -> None:
    """`scrapyd-deploy` by hand, where the workshop lies beside it."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    include = project["tool"]["setuptools"]["packages"]["find"]["include"]
    found = find_packages(str(ROOT), include=include)
    assert "pincali_sync.spiders" in found
    assert {name.partition(".")[0] for name in found} == {"pincali_sync"}
