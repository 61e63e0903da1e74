"""What is shipped beside the code: locks, image, compose file, unit, make targets."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from cds.settings import SETTINGS

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
    """docs/dependencies.md has one line for each, and no other."""
    project = tomllib.loads(text("pyproject.toml"))["project"]
    rows = re.findall(r"^\| ([a-z0-9.-]+) \| .{20,} \|$", text("docs/dependencies.md"), re.MULTILINE)

    assert sorted(names("\n".join(project["dependencies"]))) == sorted(names("\n".join(rows)))


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


@pytest.mark.parametrize("name", ["twitch-cds", "demo"])
def test_containers_get_known_settings_and_what_hospitals_need(name: str) -> None:
    """Each variable of ours exists, and proxies and certificates are passed through."""
    given = set(services()[name]["environment"])

    assert {name for name in given if name.startswith("TWITCH_CDS_")} <= {row.name for row in SETTINGS}
    assert {"HTTPS_PROXY", "NO_PROXY", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"} <= given


def test_only_the_demo_service_is_in_demo_mode() -> None:
    """The service itself stays closed."""
    assert [None, "true"] == [services()[name]["environment"].get("TWITCH_CDS_DEMO") for name in ("twitch-cds", "demo")]


def test_every_volume_is_declared() -> None:
    """A volume that a service names exists."""
    used = {volume.partition(":")[0] for service in services().values() for volume in service.get("volumes", ())}

    assert used == set(COMPOSE["volumes"])


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


def test_the_proxy_has_time_limits_and_leaves_413_to_the_service() -> None:
    """Slow clients end at the proxy; its own limit is above ours."""
    proxy = text("deploy/nginx.conf")
    default = next(int(row.default) for row in SETTINGS if row.name.endswith("MAX_BODY_BYTES"))
    (megabytes,) = re.findall(r"client_max_body_size\s+(\d+)m;", proxy)

    assert int(megabytes) * 2**20 > default
    assert {"client_header_timeout", "client_body_timeout", "keepalive_timeout"} <= set(
        re.findall(r"\w+_timeout", proxy)
    )


@pytest.mark.parametrize("target", ["run", "test", "lint", "bench", "lock"])
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
