"""One parts list from two: the hashes that the lock file has, and the licences that the installed packages declare.

python .ci/sbom.py HASHES LICENCES TARGET, all CycloneDX 1.6 in JSON. What is not installed here, because it belongs to
another platform, keeps its hashes and has no licence.
"""

# ruff: noqa: INP001 - a script.

import importlib
import json
import re
import sys
from pathlib import Path
from typing import Any

Json = dict[str, Any]


def part(component: Json) -> tuple[str, str]:
    """Which package of which version: names are compared in their normal form (PEP 503)."""
    return re.sub(r"[-_.]+", "-", component["name"]).lower(), component["version"]


def joined(locked: Json, installed: Json) -> Json:
    """The components of the lock, each as it is installed, with the files and hashes of the lock."""
    found = {part(one): one for one in installed["components"]}
    parts = [whole(one, found.get(part(one))) for one in sorted(locked["components"], key=part)]
    known = {one["bom-ref"] for one in parts} | {installed["metadata"]["component"]["bom-ref"]}
    asked = [one for one in installed["dependencies"] if one["ref"] in known]
    alone = [{"ref": ref} for ref in sorted(known - {one["ref"] for one in asked})]
    return {**installed, "components": parts, "dependencies": asked + alone}


def whole(locked: Json, installed: Json | None) -> Json:
    """One component; the tool describes what it finds in a lock by the lines it found."""
    if installed is None:
        return {name: value for name, value in locked.items() if name != "description"}
    links = [*installed.get("externalReferences", []), *locked["externalReferences"]]
    return {**installed, "externalReferences": links}


def problem_of(text: str) -> str | None:
    """What the schema of CycloneDX says against a list; the library is installed beside the tool alone."""
    version = importlib.import_module("cyclonedx.schema").SchemaVersion.V1_6
    found = importlib.import_module("cyclonedx.validation.json").JsonStrictValidator(version).validate_str(text)
    return None if found is None else str(found)


def main() -> str | None:
    """Write the list, or say what is wrong with it."""
    locked, installed, target = map(Path, sys.argv[1:])
    made = joined(json.loads(locked.read_text("utf-8")), json.loads(installed.read_text("utf-8")))
    text = json.dumps(made, indent=2, ensure_ascii=False, sort_keys=True) + "\n"
    problem = problem_of(text)
    if problem is None:
        target.write_text(text, "utf-8")
    return problem


if __name__ == "__main__":
    sys.exit(main())
