"""`make sbom` joins two lists of the same packages: hashes from the lock, licences from what is installed."""

import runpy
from pathlib import Path
from typing import Any

JOINED = runpy.run_path(str(Path(__file__).parents[1] / ".ci/sbom.py"))["joined"]
FILES = {"type": "distribution", "url": "https://example.org/simple/", "hashes": [{"alg": "SHA-256", "content": "ab"}]}
HOME = {"type": "website", "url": "https://example.org/"}
MIT = [{"license": {"id": "MIT"}}]


def locked(ref: str, name: str, version: str = "1") -> dict[str, Any]:
    """A component as the tool reads it from a lock."""
    return {"bom-ref": ref, "name": name, "version": version, "description": "line 1", "externalReferences": [FILES]}


def installed(name: str, version: str = "1") -> dict[str, Any]:
    """A component as the tool finds it installed."""
    return {"bom-ref": f"{name}=={version}", "name": name, "version": version, "licenses": MIT}


def test_each_component_has_hashes_and_licences() -> None:
    """Names are compared in their normal form; tools that are installed beside are left out; refs lead somewhere."""
    lock = {"components": [locked("L9", "uvloop"), locked("L1", "fhir-resources")]}
    root = {"bom-ref": "root"}
    environment = {
        "specVersion": "1.6",
        "metadata": {"component": root},
        "components": [{**installed("fhir.resources"), "externalReferences": [HOME]}, installed("pip")],
        "dependencies": [
            {"ref": "root", "dependsOn": ["fhir.resources==1"]},
            {"ref": "fhir.resources==1"},
            {"ref": "pip==1"},
        ],
    }

    assert {
        "specVersion": "1.6",
        "metadata": {"component": root},
        "components": [
            {**installed("fhir.resources"), "externalReferences": [HOME, FILES]},
            {"bom-ref": "L9", "name": "uvloop", "version": "1", "externalReferences": [FILES]},
        ],
        "dependencies": [
            {"ref": "root", "dependsOn": ["fhir.resources==1"]},
            {"ref": "fhir.resources==1"},
            {"ref": "L9"},
        ],
    } == JOINED(lock, environment)


def test_another_version_is_another_package() -> None:
    """Licences of what happens to be installed are not claimed for what is shipped."""
    lock = {"components": [locked("L1", "anyio", "2")]}
    environment = {
        "metadata": {"component": {"bom-ref": "root"}},
        "components": [installed("anyio")],
        "dependencies": [],
    }

    (found,) = JOINED(lock, environment)["components"]

    assert "licenses" not in found
