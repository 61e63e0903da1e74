"""What is shipped beside the code: locks, image, compose file, unit, make targets."""

import os
import re
import shutil
import ssl
import subprocess
import tomllib
from pathlib import Path
from typing import Any
from urllib.request import getproxies_environment

import pytest
import yaml
from charts import options
from prometheus_client.parser import text_string_to_metric_families

from cds.commands import program
from cds.settings import FILE, PREFIX, SETTINGS, load
from cds.web.metrics import Metrics

ROOT = Path(__file__).parents[1]
LOCKS = sorted(ROOT.glob("requirements*.lock"))
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))
# https://github.com/compose-spec/compose-spec: what we use of it, so that a misspelt key is found.
SERVICE_KEYS = {
    "build", "cap_drop", "environment", "image", "logging", "mem_limit", "pids_limit", "ports", "profiles", "read_only",
    "restart", "security_opt", "stop_grace_period", "tmpfs", "volumes",
}  # fmt: skip


def text(name: str) -> str:
    """A file of the project."""
    return (ROOT / name).read_text("utf-8")


def names(requirements: str) -> set[str]:
    """The packages that a lock or a list of requirements names, in the normal form."""
    found = re.findall(r"^([A-Za-z0-9._-]+)", requirements, re.MULTILINE)
    return {re.sub(r"[-_.]+", "-", name).lower() for name in found}


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_locks_have_hashes_and_no_address(lock: Path) -> None:
    """Every version is pinned and hashed; where it was found is nobody's business."""
    content = lock.read_text("utf-8")

    assert "://" not in content
    assert "#" not in content
    blocks = re.split(r"\n(?=[a-z])", content.strip())
    assert [] == [
        block.split()[0]
        for block in blocks
        if not re.match(r"[a-z0-9-]+==[^ ]+.*(\n    --hash=sha256:[0-9a-f]{64}.*)+", block)
    ]


def test_locks_hold_what_the_project_asks_for() -> None:
    """Runtime in the one, tests in the other with the same versions, the build tools in the third."""
    project = tomllib.loads(text("pyproject.toml"))["project"]
    runtime, everything = text("requirements.lock"), text("requirements-dev.lock")

    assert names("\n".join(project["dependencies"])) <= names(runtime)
    assert names("\n".join(project["optional-dependencies"]["dev"])) <= names(everything)
    assert set(re.findall(r"^\S+==\S+", runtime, re.MULTILINE)) <= set(
        re.findall(r"^\S+==\S+", everything, re.MULTILINE)
    )
    assert "hatchling" in names(text("requirements-build.lock"))


def test_every_runtime_dependency_is_explained() -> None:
    """docs/dependencies.md has one line for each, those of the extras included, and no other."""
    project = tomllib.loads(text("pyproject.toml"))["project"]
    rows = re.findall(r"^\| ([a-z0-9.-]+) \| .{20,} \|$", text("docs/dependencies.md"), re.MULTILINE)

    extras = [one for name, some in project["optional-dependencies"].items() if name != "dev" for one in some]

    assert sorted(names("\n".join([*project["dependencies"], *extras]))) == sorted(names("\n".join(rows)))


def services() -> dict[str, dict[str, Any]]:
    """The services of the compose file."""
    found: dict[str, dict[str, Any]] = COMPOSE["services"]
    return found


def test_only_the_demo_needs_a_profile() -> None:
    """`docker compose up` starts the service alone."""
    assert {"twitch-cds": None, "demo": ["demo"]} == {
        name: service.get("profiles") for name, service in services().items()
    }


@pytest.mark.parametrize("name", ["twitch-cds", "demo"])
def test_containers_are_hardened(name: str) -> None:
    """No capability, no new privilege, nothing to write to but memory and the volume; only on this machine."""
    service = services()[name]

    assert service.keys() <= SERVICE_KEYS
    assert (["ALL"], True) == (service["cap_drop"], service["read_only"])
    assert ["no-new-privileges:true"] == service["security_opt"]
    assert all(port.startswith("127.0.0.1:") for port in service["ports"])


FIXED = {"AUTH", "DATA_DIR", "DEMO", "HOST", "PORT"}  # the image and the two services say these


@pytest.mark.parametrize("name", ["twitch-cds", "demo"])
def test_containers_get_every_setting(name: str) -> None:
    """All that can be set, each secret as a file too, and no other name of ours: such a one stops the start."""
    ours = {name for name in services()[name]["environment"] if name.startswith(PREFIX)}
    known = {row.name for row in SETTINGS} | {row.name + FILE for row in SETTINGS if row.secret}
    fixed = {PREFIX + name for name in FIXED}

    assert known - fixed == ours - fixed


@pytest.mark.parametrize("name", sorted(name for name in COMPOSE["x-environment"] if not name.startswith(PREFIX)))
def test_what_else_containers_get_is_read_by_somebody(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The proxies by the HTTP client, the certificates by OpenSSL: what nobody reads only misleads."""
    monkeypatch.setattr(os, "environ", {name: "proxy.example.org:3128"})
    paths = ssl.get_default_verify_paths()

    assert getproxies_environment() or name in {paths.openssl_cafile_env, paths.openssl_capath_env}


def test_the_demo_has_nothing_of_what_the_service_is_given() -> None:
    """One `.env` file is read for both: synthetic charts must not get into the hospital's database or audit."""
    said = {name: value for name, value in services()["demo"]["environment"].items() if name.startswith(PREFIX)}
    fixed = {name: value for name, value in said.items() if value is not None}
    settings = load(fixed | {PREFIX + "PUBLIC_URL": "http://127.0.0.1:8001"})

    kept = ("clients", "database_url", "hash_key", "governance_token", "audit_file")
    assert ["", "", "", "", ""] == [getattr(settings, name) for name in kept]
    assert ("http://127.0.0.1:8001/demo/fhir",) == settings.fhir_servers
    assert {name for row in SETTINGS if row.secret for name in (row.name, row.name + FILE)} < fixed.keys()


def test_the_service_finds_its_clients_in_a_folder_that_it_cannot_change() -> None:
    """Beside the compose file, where whoever runs it can put them; outside the context of the build."""
    assert "./config:/etc/twitch-cds:ro" in services()["twitch-cds"]["volumes"]
    assert "volumes" not in services()["demo"]
    assert "!config" not in text(".dockerignore")


def test_the_image_has_the_version_of_the_project() -> None:
    """It is written in two places, and nobody tells an operator which one is right."""
    version = tomllib.loads(text("pyproject.toml"))["project"]["version"]

    assert {f"twitch-cds:{version}"} == {service["image"] for service in services().values()}


def test_only_the_demo_service_is_in_demo_mode() -> None:
    """The service itself stays closed."""
    assert [None, "true"] == [services()[name]["environment"].get("TWITCH_CDS_DEMO") for name in ("twitch-cds", "demo")]


def test_every_volume_is_declared() -> None:
    """A volume that a service names exists."""
    used = {volume.partition(":")[0] for service in services().values() for volume in service.get("volumes", ())}

    assert {name for name in used if not name.startswith("./")} == set(COMPOSE["volumes"])


def test_the_image_installs_by_hash_and_runs_as_nobody() -> None:
    """Every install of foreign code checks hashes; the user is a number without rights."""
    instructions = re.sub(r"\\\n\s*", "", text("Dockerfile")).splitlines()
    installs = [part for line in instructions for part in line.split("&&") if "pip install" in part]

    assert [] == [part for part in installs if "--require-hashes" not in part and "--no-deps" not in part]
    assert "USER 10001:10001" in instructions
    assert any(line.startswith("HEALTHCHECK ") for line in instructions)
    assert 'CMD ["twitch-cds", "serve"]' == instructions[-1]


def test_the_image_has_all_packages_of_the_wheel() -> None:
    """What the wheel holds is copied, and let through by .dockerignore."""
    packages = tomllib.loads(text("pyproject.toml"))["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]

    assert [] == [name for name in packages if f"COPY {name} ./{name}\n" not in text("Dockerfile")]
    assert [] == [name for name in packages if f"!{name}\n" not in text(".dockerignore")]


def test_the_unit_starts_the_command_without_rights() -> None:
    """systemd gives it a user of its own and a folder for its data."""
    unit = text("deploy/twitch-cds.service")

    assert "ExecStart=/opt/twitch-cds/bin/twitch-cds serve\n" in unit
    assert {"DynamicUser=yes", "NoNewPrivileges=yes", "ProtectSystem=strict"} <= set(unit.splitlines())


def test_every_number_is_explained() -> None:
    """docs/running.md has a row for each that the service can show, and no other."""
    families = text_string_to_metric_families(Metrics("1").text().decode())
    shown = {family.name for family in families if not family.name.endswith("_created")}
    rows = re.findall(r"^\| `(twitch_cds_\w+?)(?:_total)?` \|", text("docs/running.md"), re.MULTILINE)

    assert sorted(shown) == sorted(rows)


COMMANDS = "|".join(program.COMMANDS)


@pytest.mark.parametrize("page", ["running", "audit", "store", "trust", "report"])
def test_every_command_in_the_documents_exists(page: str) -> None:
    """With its options, as they stand there in lines of their own or in code."""
    lines = re.findall(r"^ {4,}.*$|`[^`\n]+`", text(f"docs/{page}.md"), re.MULTILINE)
    found = [command for line in lines for command in re.findall(rf"twitch-cds (?:{COMMANDS})\b[^`'#\[|)]*", line)]

    assert found
    for command in found:
        words = [word for word in command.split()[1:] if word != "…"]
        if words != ["clients"]:
            options.parsed([word.strip('"') for word in words])


def test_the_proxy_has_time_limits_and_leaves_413_to_the_service() -> None:
    """Slow clients end at the proxy; its own limit is above ours."""
    proxy = text("deploy/nginx.conf")
    default = next(int(row.default) for row in SETTINGS if row.name.endswith("MAX_BODY_BYTES"))
    (megabytes,) = re.findall(r"client_max_body_size\s+(\d+)m;", proxy)

    assert int(megabytes) * 2**20 > default
    assert {"client_header_timeout", "client_body_timeout", "keepalive_timeout"} <= set(
        re.findall(r"\w+_timeout", proxy)
    )


def systemd() -> int:
    """The version of systemd here; 0 if there is none."""
    if shutil.which("systemd-analyze") is None:
        return 0
    told = subprocess.run(["systemd-analyze", "--version"], capture_output=True, text=True, check=False).stdout
    return int((re.findall(r"systemd (\d+)", told) or [0])[0])


@pytest.mark.skipif(systemd() < 250, reason="no systemd-analyze here that can judge a file")
def test_the_unit_is_one_that_systemd_takes_and_finds_little_exposed(tmp_path: Path) -> None:
    """With a command that exists: no complaint about it, and at most 2 of 10 on its scale."""
    unit = tmp_path / "twitch-cds.service"
    unit.write_text(text("deploy/twitch-cds.service").replace("/opt/twitch-cds/bin/twitch-cds", "/bin/true"), "utf-8")
    verified, judged = (
        subprocess.run(["systemd-analyze", *how, str(unit)], capture_output=True, text=True, check=False)
        for how in (["verify"], ["security", "--no-pager", "--offline=yes", "--threshold=20"])
    )

    assert [] == [line for line in (verified.stdout + verified.stderr).splitlines() if "twitch-cds" in line]
    assert 0 == judged.returncode, judged.stdout


@pytest.mark.parametrize("target", ["run", "check", "test", "test-clock", "wheel", "lint", "bench", "lock"])
def test_make_targets_exist_and_are_explained(target: str) -> None:
    """Each has a rule, and a line at the top of the Makefile."""
    makefile = text("Makefile")

    assert re.search(rf"^{target}:", makefile, re.MULTILINE)
    assert re.search(rf"^# make {target} ", makefile, re.MULTILINE)


def test_the_licence_is_whole() -> None:
    """Apache 2.0, from its title to its appendix."""
    licence = text("LICENSE")

    assert "Apache License\n" in licence
    assert "APPENDIX: How to apply the Apache License to your work." in licence
