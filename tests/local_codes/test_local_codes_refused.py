"""Maps that are doubtful: the start stops with file, line and reason, and nothing of them is used."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from local_kit import HEAD, LAB, POTASSIUM, written

from cds import cli
from cds.errors import MapError
from cds.knowledge.load import load
from cds.knowledge.maps.folder import sources
from cds.knowledge.maps.site import with_maps

KNOWLEDGE = load()
NAMED = HEAD.replace("\n", ",display\n")
DRAFT = HEAD.replace("\n", ",confirmed,confirmed_by,confirmed_on\n")
K = POTASSIUM.strip()


def refused(folder: Path, **bounds: Any) -> str:
    """What the start says."""
    with pytest.raises(MapError) as caught:
        with_maps(KNOWLEDGE, str(folder), **bounds)
    assert caught.value.text.startswith("TWITCH_CDS_CONCEPT_MAPS: ")
    return caught.value.text.removeprefix("TWITCH_CDS_CONCEPT_MAPS: ")


def line(code: str, target: str, display: str = "") -> str:
    """A line with a name."""
    return f"{LAB},{code},http://loinc.org,{target},{display}\n"


@pytest.mark.parametrize(
    ("text", "number", "reason"),
    [
        (HEAD + POTASSIUM + POTASSIUM.replace("2823-3", "6298-4"), 3, "ambiguous: a.csv, line 2 has another target"),
        (HEAD + POTASSIUM + POTASSIUM.replace("https", "http").replace("2823-3", "6298-4"), 3, "ambiguous"),
        (HEAD + f"{LAB},KAL,http://loinc.org,2828-2\n", 2, "unknown target http://loinc.org|2828-2"),
        (HEAD + f"{LAB},KAL,https://else.example.org,1\n", 2, "unknown target https://else.example.org|1"),
        (HEAD + f"{LAB},KAL,{LAB},KALIUM\n{LAB},KALIUM,http://loinc.org,2823-3\n", 2, "a chain"),
        (HEAD + "http://loinc.org,1995-0,http://loinc.org,17861-6\n", 2, "is a code that the service reads already"),
        (HEAD + "http://hl7.org/fhir/sid/icd-10-cm,R253,http://snomed.info/sct,82470000\n", 2, "reads already"),
        (HEAD + "http://snomed.info/sct,373067005,http://snomed.info/sct,82470000\n", 2, "reads already"),
        (HEAD + "http://loinc.org,2828-2,http://loinc.org,2823-3\n", 2, "of a public code system: its name is needed"),
        (NAMED + "http://loinc.org,2828-2,http://loinc.org,2823-3,Potassium in Urine\n", 2, "its name says `urine`"),
        (NAMED + line("X1", "2823-3", "Kalium im Harn"), 2, "its name says `harn`"),
        (NAMED + line("X1", "2823-3", "K 24 h"), 2, "its name says `24 h`"),
        (NAMED + line("X1", "2823-3", "Sodium"), 2, "its name says sodium, the target is potassium"),
        (
            NAMED + line("X1", "17861-6", "Calcium ionised"),
            2,
            "its name says ionised, the target is unadjusted calcium",
        ),
        (NAMED + line("X1", "1995-0", "Calcium total"), 2, "its name says unadjusted, the target is ionised calcium"),
        (NAMED + line("X1", "29265-6", "Calcium ionised"), 2, "its name says ionised, the target is adjusted calcium"),
        (NAMED + line("X1", "2601-3", "Magnesium ionized"), 2, "its name says ionised, the target is magnesium"),
        (HEAD + f"{LAB},U-K,http://loinc.org,2823-3\n", 2, "its name says `u`"),
        (HEAD + f"{LAB},CAION,http://loinc.org,17861-6\n", 2, "its name says ionised"),
        (
            NAMED + f"{LAB},P,http://www.nlm.nih.gov/research/umls/rxnorm,8638,Ibuprofen and Lithium\n",
            2,
            "its name says lithium, the target is prednisolone",
        ),
        (HEAD.replace("\n", ",equivalence\n") + f"{K},wider\n", 2, "is `wider`: only a target that is equivalent"),
        (HEAD.replace("\n", ",equivalence\n") + f"{K},\n", 2, "is ``"),
        (HEAD + f"{LAB},KAL,http://loinc.org,\n", 2, "has no target_code"),
        (HEAD + f'"a\nb",KAL,http://loinc.org,2823-3\n{K},1\n', 2, "characters of no print"),
        (HEAD + f'"{LAB}",KAL,http://loinc.org,2823-3\n{K},1\n', 3, "has 5 cells, and the file 4 columns"),
        (HEAD + f"{LAB},{'K' * 513},http://loinc.org,2823-3\n", 2, "longer than 512 characters"),
        (DRAFT + f"{K},,,\n", 2, "is not confirmed: `confirmed` must be yes or no"),
        (DRAFT + f"{K},maybe,Dr A,2026-11-29\n", 2, "is not confirmed"),
        (DRAFT + f"{K},yes,,2026-11-29\n", 2, "is not signed"),
        (DRAFT + f"{K},yes,Dr A,yesterday\n", 2, "is not signed"),
        (HEAD.replace("\n", ",confirmed\n") + f"{K},yes\n", 2, "is not signed"),
        ("unit,ucum\nmmoll,mmol/L\nMMOLL,meq/L\n", 3, "ambiguous: a.csv, line 2 says mmol/L"),
        ("unit,ucum\nmg/dL,mmol/L\n", 2, "is read as mg/dL already"),
        ("unit,ucum\nmol,mmol\n", 2, "is read as mol already"),
        ("unit,ucum\nmmoll,mmoll\n", 2, "`mmoll` is not a UCUM unit that a rule reads"),
        ("unit,ucum\ncandela,cd\n", 2, "`cd` is not a UCUM unit that a rule reads"),
        ("unit,ucum\nmmoll,\n", 2, "has no ucum"),
        ("a,b,c\n1,2,3\n", 1, "has no column system, code, target_system, target_code"),
        ("unit\nmmoll\n", 2, "has no column ucum"),
        ("system\n", 1, "has no column code"),
    ],
)
def test_a_line_that_is_doubtful_is_named(text: str, number: int, reason: str, tmp_path: Path) -> None:
    """The first of its reasons, with file and line."""
    told = refused(written(tmp_path / "maps", {"a.csv": text}))

    assert told.startswith(f"a.csv, line {number}: ")
    assert reason in told


def concept_map(target: dict[str, Any] | None = None, **more: Any) -> str:
    """A ConceptMap whose only element begins in line 4."""
    element = json.dumps({"code": "KAL", "target": [{"code": "2823-3", "equivalence": "equivalent"} | (target or {})]})
    group = {"source": LAB, "target": "http://loinc.org", "element": 0} | more.pop("group", {})
    whole = json.dumps({"resourceType": "ConceptMap", "status": "active", "group": [group]} | more)
    return whole.replace('"group":', '\n"group":').replace('"element": 0', f'"element": \n[\n{element}]')


@pytest.mark.parametrize(
    ("text", "place", "reason"),
    [
        (concept_map({"equivalence": "wider"}), ", line 4", "KAL: is `wider`"),
        (concept_map({"equivalence": "narrower"}), ", line 4", "is `narrower`"),
        (concept_map({"equivalence": "relatedto"}), ", line 4", "is `relatedto`"),
        (concept_map({"equivalence": None}), ", line 4", "has no `equivalence`"),
        (concept_map({"equivalence": "inexact", "relationship": "equivalent"}), ", line 4", "of FHIR R5"),
        (concept_map({"dependsOn": [{"property": "x"}]}), ", line 4", "holds under conditions only"),
        (concept_map({"code": None}), ", line 4", "has no `target.code`"),
        (concept_map({"code": "1\n2"}), ", line 4", "characters of no print"),
        (concept_map({"code": "2828-2"}), ", line 4", "unknown target"),
        (concept_map({"display": "Potassium in urine"}), ", line 4", "its name says `urine`"),
        (concept_map().replace('"code": "KAL"', '"code": "K\\nL"'), ", line 4", "a code: a code or system is longer"),
        (concept_map().replace('"code": "KAL"', '"display": "KAL"'), ", line 4", "an element has no `code`"),
        (concept_map().replace('"code": "KAL"', '"code": 1'), ", line 4", "an element is not one of FHIR R4"),
        (concept_map(group={"unmapped": {"mode": "provided"}}), ", line 2", "`unmapped` is refused"),
        (concept_map(group={"source": None}), ", line 2", "a group needs `source` and `target`"),
        (concept_map(group={"source": 7}), ", line 2", "a group is not one of FHIR R4"),
        (concept_map(status="draft"), "", "its `status` is not active"),
        (concept_map(resourceType="ValueSet"), "", "is not a ConceptMap"),
        (json.dumps({"resourceType": "ConceptMap", "status": "active"}), "", "has no `group`"),
        ("{", "", "is not a ConceptMap in JSON"),
        ("[" * 100_000, "", "is not a ConceptMap in JSON"),
    ],
)
def test_a_concept_map_that_is_doubtful_is_named(text: str, place: str, reason: str, tmp_path: Path) -> None:
    """With the line where the element begins."""
    told = refused(written(tmp_path / "maps", {"a.json": text}))

    assert told.startswith(f"a.json{place}: ")
    assert reason in told


def test_a_target_without_a_match_is_no_fault(tmp_path: Path) -> None:
    """`unmatched` and `disjoint` say that there is nothing; the group with nothing else maps nothing."""
    text = concept_map({"equivalence": "unmatched", "code": None})

    assert () == with_maps(KNOWLEDGE, str(written(tmp_path / "maps", {"a.json": text}))).site.codes


def test_the_second_group_is_named_by_its_own_line(tmp_path: Path) -> None:
    """Elements that look alike are told apart by where they stand."""
    element = '{"code": "A", "target": [{"code": "2823-3", "equivalence": "wider"}]}'
    group = f'{{"source": "{LAB}", "target": "http://loinc.org", "element": [\n{element},\n{element}]}}'
    text = f'{{"resourceType": "ConceptMap", "status": "active", "group": [\n{group},\n{group}]}}'

    told = refused(written(tmp_path / "maps", {"a.json": text}))

    assert ["3", "4", "6", "7"] == [part.split(":")[0] for part in told.split("line ")[1:]]


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"", "is empty"), (b"\xff\xfe", "is not UTF-8"), (b'system,"co"de\n', "is not CSV"), (b"# only\n", "is empty")],
)
def test_a_file_that_cannot_be_read_is_named(content: bytes, reason: str, tmp_path: Path) -> None:
    """An empty file, another encoding, broken quotes."""
    assert f"a.csv: {reason}" in refused(written(tmp_path / "maps", {"a.csv": content}))


def test_many_faults_are_counted(tmp_path: Path) -> None:
    """The first five in the order of files and lines, and how many more there are."""
    bad = HEAD + "".join(f"{LAB},X{number},http://loinc.org,0\n" for number in range(7))

    told = refused(written(tmp_path / "maps", {"b.csv": bad, "a.csv": HEAD + f"{LAB},Y,http://loinc.org,0\n"}))

    assert 5 == told.count("unknown target")
    assert told.startswith("a.csv, line 2")
    assert told.endswith("; and 3 more")


def test_a_confirmed_draft_is_read_and_what_was_declined_is_left_out(tmp_path: Path) -> None:
    """Yes with name and day; no without."""
    rows = f"{K},yes,Dr A. Example,2026-11-29\n{LAB},NAT,http://loinc.org,2951-2,NO,,\n{LAB},ZZ,,,no,,\n"
    folder = written(tmp_path / "maps", {"draft.csv": DRAFT + rows})

    assert ["KAL"] == [one.code for one in with_maps(KNOWLEDGE, str(folder)).site.codes]


SPREADSHEET = (DRAFT, DRAFT.replace("_", " ").title(), "\ufeff" + DRAFT, DRAFT.replace(",", ";"))


@pytest.mark.parametrize("head", [*SPREADSHEET, DRAFT.replace("system,code", "source system,source code", 1)])
def test_a_spreadsheet_may_write_the_file(head: str, tmp_path: Path) -> None:
    """A byte order mark, semicolons, CRLF, headings in another spelling, a quote before what looks like a formula."""
    row = f"{LAB},'-K,http://loinc.org,2823-3,Yes,Dr A,2026-11-29\n"
    text = head + (row.replace(",", ";") if ";" in head else row)

    site = with_maps(KNOWLEDGE, str(written(tmp_path / "maps", {"a.csv": text.replace("\n", "\r\n")}))).site

    assert ["-K"] == [one.code for one in site.codes]


def test_bounds_of_size_and_lines(tmp_path: Path) -> None:
    """More bytes or lines than are allowed, in all files together."""
    folder = written(tmp_path / "maps", {"a.csv": HEAD + POTASSIUM, "b.csv": HEAD + POTASSIUM})
    size = len(HEAD + POTASSIUM)

    assert 2 == len(list(sources(folder, 2 * size)))
    with pytest.raises(MapError, match="the files are larger than 0 MiB together"):
        list(sources(folder, 2 * size - 1))
    assert "the files have more than 1 lines together" == refused(folder, most_rows=1)
    assert 1 == len(with_maps(KNOWLEDGE, str(folder), most_rows=2).site.codes)


def test_too_many_files(tmp_path: Path) -> None:
    """A folder that holds something else than maps."""
    folder = written(tmp_path / "maps", {f"{number}.csv": b"" for number in range(1001)})

    assert "the folder holds more than 1000 files" == refused(folder)


def test_only_files_of_the_folder_are_read(tmp_path: Path) -> None:
    """A link out of it, a folder in it, a pipe, a broken link, a loop, another kind of file."""
    outside = written(tmp_path / "outside", {"a.csv": HEAD + POTASSIUM})
    told = []
    for name in ("link", "folder", "pipe", "broken", "loop", "kind"):
        folder = written(tmp_path / name, {})
        if name == "link":
            (folder / "a.csv").symlink_to(outside / "a.csv")
        elif name == "folder":
            (folder / "a.csv").mkdir()
        elif name == "pipe":
            os.mkfifo(folder / "a.csv")
        elif name == "kind":
            (folder / "a.xlsx").write_bytes(b"PK")
        else:
            (folder / "a.csv").symlink_to(folder / ("a.csv" if name == "loop" else "none"))
        told.append(refused(folder))

    assert told[0] == "a.csv: is a link that leads out of the folder"
    assert told[1] == told[2] == "a.csv: is not a file; put all files into the folder itself"
    assert all(one.startswith("a.csv: cannot be read") for one in told[3:5])
    assert told[5].startswith("a.xlsx: only .json (a ConceptMap), .csv")


def test_a_link_within_the_folder_is_read(tmp_path: Path) -> None:
    """As Kubernetes mounts a ConfigMap; what begins with a dot is passed over."""
    folder = written(tmp_path / "maps", {})
    hidden = written(folder / "..2026", {"a.csv": HEAD + POTASSIUM})
    (folder / "..data").symlink_to(hidden)
    (folder / "a.csv").symlink_to(folder / "..data" / "a.csv")

    assert ["a.csv"] == [one.name for one in with_maps(KNOWLEDGE, str(folder)).site.files]


def test_a_folder_that_is_none(tmp_path: Path) -> None:
    """Not there, a file, or with nothing to read."""
    written(tmp_path, {"file": b""})

    assert "the folder cannot be read: No such file or directory" == refused(tmp_path / "none")
    assert "the folder cannot be read: Not a directory" == refused(tmp_path / "file")
    assert "the folder holds no .json or .csv file" == refused(written(tmp_path / "maps", {"README.md": b"x"}))


def test_a_file_that_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The reason of the operating system, without what the file holds."""

    def denied(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    folder = written(tmp_path / "maps", {"a.csv": HEAD + POTASSIUM})
    monkeypatch.setattr(Path, "open", denied)

    assert "a.csv: cannot be read: Permission denied" == refused(folder)


@pytest.mark.parametrize("command", [["serve", "--demo"], ["evaluate", "-"], ["knowledge", "check"]])
def test_every_command_stops_with_one_line(
    command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Status 1, and file and line on standard error."""
    folder = written(tmp_path / "maps", {"a.csv": HEAD + f"{LAB},KAL,http://loinc.org,0\n"})
    monkeypatch.setenv("TWITCH_CDS_CONCEPT_MAPS", str(folder))
    monkeypatch.setenv("TWITCH_CDS_DATA_DIR", str(tmp_path / "var"))

    assert 1 == cli.main(command)
    told = capsys.readouterr().err.splitlines()
    assert 1 == len(told)
    assert told[0].startswith("twitch-cds: TWITCH_CDS_CONCEPT_MAPS: a.csv, line 2: ")
