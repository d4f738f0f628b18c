"""What is packed is what the code is, and what looks at it finds what is wrong with it."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tomllib
from configparser import ConfigParser
from pathlib import Path
from typing import Any

import httpx
import pytest
import scrapyd.config
import yaml
from scrapy.spiderloader import SpiderLoader
from scrapy.utils.project import get_project_settings
from starlette.responses import PlainTextResponse

from pincali_sync.config import load_config
from pincali_sync.web.shield import Shield
from scripts import check_deploy

ROOT = check_deploy.ROOT
DOCKERFILE = (ROOT / "Dockerfile").read_text()
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
MANIFESTS = [
    document
    for path in sorted((ROOT / "deploy" / "kubernetes").glob("*.yaml"))
    for document in yaml.safe_load_all(path.read_text())
]
WEB = ("Deployment", "web")
SCRAPYD_UNITS = [
    unit
    for unit in sorted((ROOT / "deploy" / "systemd").glob("*.service"))
    if re.search(r"^ExecStart=\S+/scrapyd\b", unit.read_text(), re.M)
]


def pods() -> dict[str, dict[str, Any]]:
    """What each workload's pods are told, by its name."""
    found = {}
    for each in MANIFESTS:
        spec = each.get("spec", {})
        template = spec.get("jobTemplate", {}).get("spec", spec).get("template")
        if template is not None:
            found[each["metadata"]["name"]] = template["spec"]
    return found


def environment(workload: str, pod_ip: str) -> dict[str, str]:
    """What a pod's program is given, put together as Kubernetes does, but for the secrets."""
    [container] = pods()[workload]["containers"]
    [common] = [
        each["data"]
        for each in MANIFESTS
        if each["metadata"]["name"] == "pincali-sync" and "data" in each
    ]
    own: dict[str, str] = {}
    for each in container.get("env", []):
        if "valueFrom" in each:
            assert each["valueFrom"] == {"fieldRef": {"fieldPath": "status.podIP"}}
            own[each["name"]] = pod_ip
        else:  # what stands before it is replaced in it, and nothing else
            own[each["name"]] = re.sub(
                r"\$\((\w+)\)", lambda name: own.get(name[1], name[0]), each["value"]
            )
    return {**common, **own}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("part", "file", "right", "wrong"),
    [
        ("Dockerfile", "Dockerfile", "WORKDIR /opt", "WORKDIR opt"),
        ("deploy/compose.yaml", "deploy/compose.yaml", "restart:", "restrat:"),
        ("deploy/kubernetes", "deploy/kubernetes/web.yaml", "replicas:", "replica:"),
        (
            "deploy/systemd",
            "deploy/systemd/pincali-sync-runner.timer",
            "OnCalendar=*-*-* *:*:00",
            "OnCalendar=every minute",
        ),
        (
            "deploy/systemd",
            "deploy/systemd/pincali-sync-web.service",
            "ProtectSystem=strict",
            "ProtectSystme=strict",
        ),
        (
            "deploy/systemd",
            "deploy/systemd/pincali-sync-web.service",
            "ProtectSystem=strict",
            "User=root\nCapabilityBoundingSet=~\nPrivateDevices=no\nNoNewPrivileges=no",
        ),
        ("deploy/logrotate.conf", "deploy/logrotate.conf", "weekly", "now and then"),
    ],
)
def test_what_is_wrong_with_a_file_is_found(
    part: str,
    file: str,
    right: str,
    wrong: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    shutil.copytree(ROOT / "deploy", tmp_path / "deploy")
    shutil.copy(ROOT / "Dockerfile", tmp_path)
    (tmp_path / ".venv").symlink_to(ROOT / ".venv")
    (tmp_path / file).write_text((tmp_path / file).read_text().replace(right, wrong))
    monkeypatch.setattr(check_deploy, "ROOT", tmp_path)
    monkeypatch.setattr(check_deploy, "DEPLOY", tmp_path / "deploy")
    status = check_deploy.main([part])
    said = capsys.readouterr().out
    assert (status, "to be mended" in said) == (1, True) or "not checked" in said


def test_what_nobody_could_look_at_has_not_passed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(shutil, "which", lambda *_, **__: None)
    assert check_deploy.main(["deploy/systemd"]) == 0
    assert capsys.readouterr().out == (
        "deploy: deploy/systemd: not checked: there is no systemd-analyze here\n"
    )


def test_every_image_of_ours_is_of_this_version() -> None:
    files = list((ROOT / "deploy").rglob("*.yaml"))
    named = {
        tag
        for path in files
        for tag in re.findall(r"image: pincali-sync\S*:(\S+)", path.read_text())
    }
    assert named == {VERSION}


def test_the_image_says_which_spiders_it_has() -> None:
    spiders = SpiderLoader.from_settings(get_project_settings()).list()
    [named] = re.findall(r'org\.scrapy\.spiders="([^"]+)"', DOCKERFILE)
    assert named.split(",") == sorted(spiders)


def test_whatever_the_image_is_made_of_may_come_into_it() -> None:
    let_in = set(re.findall(r"^!(\S+)$", (ROOT / ".dockerignore").read_text(), re.M))
    copied = {
        source
        for line in re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.M)
        for source in line.split()
    }
    folders = {each for each in let_in if (ROOT / each).is_dir()}
    assert copied - let_in == {
        each for each in copied if any(each.startswith(f"{folder}/") for folder in folders)
    }
    assert all((ROOT / each).exists() for each in let_in)


def test_every_secret_of_the_compose_file_is_asked_for() -> None:
    text = (ROOT / "deploy" / "compose.yaml").read_text()
    example = (ROOT / "deploy" / "compose.env.example").read_text()
    asked = set(re.findall(r"^([A-Z_]+)=$", example, re.M))
    assert set(re.findall(r"\$\{([A-Z_]+):\?\}", text)) == asked
    assert re.findall(r"\$\{[A-Z_]+\}", text) == []


def test_the_dashboard_in_compose_may_be_asked_by_further_names() -> None:
    services = yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text())["services"]
    written = services["web"]["environment"]["WEB_HOSTS"]

    def in_force(**given: str) -> str:
        """Compose replaces variables as a shell does."""
        echoed = ["bash", "-c", f'echo "{written}"']
        ran = subprocess.run(echoed, env=given, capture_output=True, text=True, check=True)
        return ran.stdout.strip()

    assert in_force() == in_force(WEB_HOSTS="") == "web,localhost,127.0.0.1"
    assert in_force(WEB_HOSTS="homes.example.org") == "web,localhost,127.0.0.1,homes.example.org"
    assert "#WEB_HOSTS=" in (ROOT / "deploy" / "compose.env.example").read_text()


@pytest.mark.parametrize("kind", ["configs", "secrets"])
def test_compose_need_write_nothing_into_what_is_read_only(kind: str) -> None:
    """It copies what is no file into the container, and refuses to start one that is read-only."""
    whole = yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text())
    written = {
        name
        for name, source in whole.get(kind, {}).items()
        if {"content", "environment"} & set(source)
    }
    taken = {
        name: {each if isinstance(each, str) else each["source"] for each in service.get(kind, [])}
        for name, service in whole["services"].items()
        if service.get("read_only")
    }
    assert len(taken) > 2
    assert {name: found & written for name, found in taken.items() if found & written} == {}


def test_every_command_of_compose_is_given_its_secrets() -> None:
    """Compose replaces variables before any command, not before `up` alone."""
    files = [*(ROOT / "docs").rglob("*.md"), *(ROOT / "deploy").rglob("*.*"), ROOT / "README.md"]
    files += (ROOT / "pincali_sync").rglob("*.py")
    commands = [
        each for file in files for each in re.findall(r"docker compose .*", file.read_text())
    ]
    given = "docker compose --env-file deploy/compose.env -f deploy/compose.yaml"
    assert len(commands) > 2
    assert [each for each in commands if not each.startswith(given)] == []


@pytest.mark.parametrize("unit", SCRAPYD_UNITS, ids=lambda unit: unit.name)
def test_a_unit_of_scrapyd_is_configured_by_the_servers_file(
    unit: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Scrapyd reads files of the folder that it starts in, too, and they would win."""
    told = dict(re.findall(r"^(WorkingDirectory|StateDirectory)=(.+)$", unit.read_text(), re.M))
    installed = {"/etc/scrapyd/scrapyd.conf": str(ROOT / "deploy" / "systemd" / "scrapyd.conf")}

    class OnThatServer(ConfigParser):
        def read(self, filenames: Any, encoding: str | None = None) -> Any:
            return super().read([installed.get(each, each) for each in filenames], encoding)

    monkeypatch.chdir(told["WorkingDirectory"].replace(check_deploy.CHECKOUT, str(ROOT)))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(scrapyd.config, "ConfigParser", OnThatServer)
    config = dict(scrapyd.config.Config().items("scrapyd"))
    assert config["bind_address"] == "127.0.0.1"
    folders = [value for name, value in config.items() if name.endswith("_dir") and value]
    assert len(folders) > 2
    state = f"/var/lib/{told['StateDirectory']}/"
    assert [each for each in folders if not each.startswith(state)] == []


def test_every_pod_is_restricted() -> None:
    assert {*pods()} == {"migrate", "runner", "scrapyd", "scrapyd-k8s", "web"}
    for name, pod in pods().items():
        whole, [container] = pod["securityContext"], pod["containers"]
        own = container["securityContext"]
        assert whole["runAsNonRoot"], name
        assert whole["seccompProfile"] == {"type": "RuntimeDefault"}, name
        assert own["capabilities"] == {"drop": ["ALL"]}, name
        assert not own["allowPrivilegeEscalation"], name
        assert own["readOnlyRootFilesystem"], name
        assert container["resources"]["limits"]["memory"], name


@pytest.mark.parametrize("workload", ["migrate", "runner", "scrapyd", "web"])
def test_a_pods_home_is_a_folder_of_its_own(workload: str) -> None:
    """A volume's own folder is root's, and others can write into it."""
    [container] = pods()[workload]["containers"]
    [volume] = [each["mountPath"] for each in container["volumeMounts"] if each["name"] == "home"]
    assert Path(volume) in Path(environment(workload, "")["PINCALI_HOME"]).parents


@pytest.mark.parametrize("pod", ["10.1.2.3", "fd00::7"])
async def test_prometheus_may_ask_the_dashboards_pod_by_its_address(pod: str) -> None:
    [web] = [each for each in MANIFESTS if (each["kind"], each["metadata"]["name"]) == WEB]
    assert web["spec"]["template"]["metadata"]["annotations"]["prometheus.io/scrape"] == "true"
    hosts = load_config(web_hosts=environment("web", pod)["WEB_HOSTS"]).web_hosts
    assert {"web", "web.pincali-sync.svc", "localhost"} <= set(hosts)
    asked = httpx.ASGITransport(Shield(PlainTextResponse("figures"), hosts))
    async with httpx.AsyncClient(transport=asked) as client:
        url = f"http://[{pod}]:8080" if ":" in pod else f"http://{pod}:8080"
        assert (await client.get(f"{url}/metrics")).text == "figures"


def test_what_a_page_starts_again_is_as_many_as_the_manifests_say() -> None:
    replicas = {
        f"{each['kind'].lower()}/{each['metadata']['name']}": each["spec"]["replicas"]
        for each in MANIFESTS
        if "replicas" in each.get("spec", {})
    }
    text = (ROOT / "docs" / "how-to" / "restore.md").read_text()
    scaled = [
        (set(re.findall(r"\S+/\S+", named)), int(number))
        for named, number in re.findall(r"scale ([^`]*?) --replicas=(\d+)", text)
    ]
    stopped = set().union(*(named for named, number in scaled if number == 0))
    started = {name: number for named, number in scaled if number for name in named}
    assert started == {name: replicas[name] for name in stopped}
    assert len(re.findall("--replicas=", text)) == len(scaled)


def test_no_manifest_holds_a_secret() -> None:
    assert "Secret" not in {each["kind"] for each in MANIFESTS}


def test_the_browser_is_left_what_its_own_sandbox_stands_on() -> None:
    profile = json.loads((ROOT / "deploy" / "seccomp-chromium.json").read_text())
    [refused] = profile["syscalls"]
    assert profile["defaultAction"] == "SCMP_ACT_ALLOW"
    assert {"clone", "clone3", "unshare", "setns", "chroot", "ptrace"}.isdisjoint(refused["names"])
    assert {"mount", "bpf", "init_module", "kexec_load", "keyctl"} <= set(refused["names"])
