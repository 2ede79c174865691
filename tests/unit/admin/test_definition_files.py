"""Files of models and rules are read as plain data, and every mistake has a file, a line and a column."""

import json
from pathlib import Path

import pytest

from admin.definition_files import Document, FileError, read_documents, read_models

KLINT = """\
model: Klint
groups:
  - {name: Job title,      points: 100, when: {column: jobtitle,   op: not-null}}
  - {name: Business phone, points: 10,  when: {column: telephone1, op: not-null}}
"""
RULE = "rule: Qualified\nmatch: all\n"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "models.yaml"


def read(path: Path, text: str) -> list[Document]:
    path.write_text(text, "utf-8")
    return read_documents(path)


def content(path: Path, value: str) -> object:
    (document,) = read(path, f"model: M\nvalue: {value}\n")
    return document.content["value"]


def refusals(*paths: Path) -> list[str]:
    with pytest.raises(FileError) as refused:
        read_models(paths)
    return [f"{problem.file.name}:{problem}".replace(f"{problem.file}:", "") for problem in refused.value.problems]


def refused(path: Path, text: str) -> list[str]:
    path.write_text(text, "utf-8")
    return refusals(path)


def test_a_file_holds_models_and_rules_in_their_order(path: Path) -> None:
    documents = read(path, f"# why\n---\n{KLINT}---\n{RULE}---\n")
    assert [(one.kind, one.name, one.line) for one in documents] == [("model", "Klint", 3), ("rule", "Qualified", 8)]
    assert documents[1].content == {"rule": "Qualified", "match": "all"}


def test_models_are_parsed_and_rules_left_alone(path: Path) -> None:
    path.write_text(f"{RULE}---\n{KLINT}", "utf-8")
    ((document, model),) = read_models([path])
    assert (document.name, model.name, [group.points for group in model.groups]) == ("Klint", "Klint", [100, 10])


def test_json_is_read_too_however_it_is_indented(tmp_path: Path) -> None:
    model = {"model": "Klint \U0001f600", "groups": [{"name": "é", "points": 1, "when": {"column": "a", "op": "null"}}]}
    for number, indent in enumerate((None, 2, "\t")):
        path = tmp_path / f"{number}.json"
        path.write_text(json.dumps(model, indent=indent), "utf-8")
        assert [document.content for document, _ in read_models([path])] == [model]


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("on", "on"),
        ("no", "no"),
        ("YES", "YES"),
        ("true", True),
        ("False", False),
        ("2026-05-01", "2026-05-01"),
        ("2026-05-01T10:00:00Z", "2026-05-01T10:00:00Z"),
        ("12:30", "12:30"),
        ("01000", "01000"),
        ("1_000", "1_000"),
        ("0x1F", "0x1F"),
        ("250", 250),
        ("-1.5", -1.5),
        ("1e3", 1000.0),
        ("~", None),
        ("", None),
        ("null", None),
        ("'250'", "250"),
        ('"true"', "true"),
        ("!!str 250", "250"),
        ("[on, 1]", ["on", 1]),
        ("{on: 1, 2: x}", {"on": 1, "2": "x"}),
        (r'"\ud83d\ude00"', "\U0001f600"),
    ],
)
def test_only_true_and_false_are_booleans_and_dates_stay_as_written(path: Path, written: str, value: object) -> None:
    found = content(path, written)
    assert found == value
    assert type(found) is type(value)


def test_an_operator_may_be_called_on(path: Path) -> None:
    assert refused(path, KLINT.replace("not-null", "on", 1)) == [
        (
            "models.yaml:3:41: groups[0].when.value: is missing "
            "(to look for empty columns, the operators are null and not-null)"
        )
    ]


FIVE_MISTAKES = """\
model: Fit
time_zone: Europe/Pariss
groups:
  - name: A
    points: on
    when: {column: jobtitle, op: not-null}
    points: 3
  - name: B
    points: 1
    when:
      any:
        - {column: jobtitle, op: null}
        - {column: jobtitle,
           op: equals, value: 1}
grades:
  - name: Hot
    min: 10
  - {name: Cold, max: 10}
"""


def test_five_mistakes_are_all_named_with_line_and_column(path: Path) -> None:
    assert refused(path, FIVE_MISTAKES) == [
        "models.yaml:2:12: time_zone: unknown time zone 'Europe/Pariss': it must be an IANA name, such as Europe/Paris",
        "models.yaml:5:13: groups[0].points: must be a whole number",
        "models.yaml:7:5: key 'points' is there twice",
        "models.yaml:12:34: groups[1].when.any[0].op: must be text",
        "models.yaml:14:16: groups[1].when.any[1].op: unknown operator 'equals'",
        "models.yaml:18:5: grades[1]: overlaps grades[0]",
    ]


def test_what_is_missing_is_placed_where_it_should_have_been(path: Path) -> None:
    assert refused(path, "model: M\ngroups:\n  - name: A\n    points: 1\n") == [
        "models.yaml:3:5: groups[0]: must have exactly one of when and interactions"
    ]
    assert refused(path, "\nmodel: M\n") == ["models.yaml:2:1: groups: is missing"]


def test_problems_of_all_files_are_named_at_once(tmp_path: Path) -> None:
    one, two, three = (tmp_path / name for name in ("1.yaml", "2.yaml", "3.yaml"))
    one.write_text(KLINT.replace("100", "1.5"), "utf-8")
    two.write_text(f"{KLINT}---\n{KLINT}".replace("Klint", "KLINT"), "utf-8")
    assert refusals(one, two, three) == [
        "1.yaml:3:36: groups[0].points: must be a whole number",
        f"2.yaml:1:8: model: is defined already at {one}:1",
        f"2.yaml:6:8: model: is defined already at {one}:1",
        "3.yaml:1:1: cannot be read: No such file or directory",
    ]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", "1:1: holds no model and no rule"),
        ("---\n", "1:1: holds no model and no rule"),
        ("just text", "1:1: a document must be a mapping whose first key is model or rule"),
        ("- model: M", "1:1: a document must be a mapping whose first key is model or rule"),
        ("name: M\nmodel: M", "1:1: a document must be a mapping whose first key is model or rule"),
        ("rule: R\nx: &a 1\ny: *a", "3:4: aliases (*name) are not supported"),
        ("rule: R\nx: !!python/object/apply:os.system [ls]", "2:4: tags (!name) are not supported"),
        ("rule: R\nx: !!binary aGk=", "2:4: tags (!name) are not supported"),
        ("rule: R\nx: !secret y", "2:4: tags (!name) are not supported"),
        ("rule: R\nx: {a: 1, a: 2}", "2:11: key 'a' is there twice"),
        ("rule: R\n[1]: x", "2:1: a key must be text"),
        ("rule: R\nx: [1, 2", "2:9: not readable as YAML: expected ',' or ']', but got '<stream end>'"),
        ("rule: R\n\tx: 1", "2:1: not readable as YAML: found character '\\t' that cannot start any token"),
        ("rule: R\nx: \x07", "2:4: a character that no text file should hold"),
        ("rule: R\nx: " + "1" * 5_000, "2:4: a number of more than 400 digits"),
        ('rule: R\nx: "\\ud800"', "2:4: half of a surrogate pair is not text"),
        ("rule: R\nx: " + "[" * 100_000, "2:53: nested too deep"),
        ("rule: R\nx: " + "{a: " * 100_000, "2:200: nested too deep"),
    ],
)
def test_what_is_not_plain_data_is_refused_by_name(path: Path, text: str, line: str) -> None:
    assert refused(path, text) == [f"models.yaml:{line}"]


def test_a_file_of_a_million_bytes_is_the_most(path: Path) -> None:
    assert refused(path, KLINT + "#" * 1_000_000) == ["models.yaml:1:1: is larger than 1,000,000 bytes"]


def test_a_file_that_is_not_utf8_is_refused_at_its_first_wrong_byte(path: Path) -> None:
    path.write_bytes(b"model: M\ndescription: caf\xe9\n")
    assert refusals(path) == ["models.yaml:2:17: is not UTF-8 text"]


def test_a_byte_order_mark_is_no_mistake(path: Path) -> None:
    path.write_text(KLINT, "utf-8-sig")
    assert len(read_models([path])) == 1


def test_infinities_never_become_points(path: Path) -> None:
    for number in (".nan", "NaN", "Infinity", "-.inf", "1e400"):
        assert refused(path, KLINT.replace("100", number)) == [
            "models.yaml:3:36: groups[0].points: must be a whole number"
        ]


def test_a_place_finds_its_position(path: Path) -> None:
    (document,) = read(path, KLINT)
    assert document.position(("groups", 1, "when", "op")) == (4, 72)
    assert document.position(("groups", 1, "when")) == (4, 41)
    assert document.position(("groups", 1)) == (4, 5)
    assert document.position(("groups", 9, "when")) == (2, 1)
    assert document.position(()) == (1, 1)
