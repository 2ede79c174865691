"""`leadgate model test` scores files against files, and names what is wrong without repeating values of a lead."""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from admin.model_test import model_test

KLINT = """\
model: Klint
groups:
  - {name: Job title,      points: 100, when: {column: jobtitle,   op: not-null}}
  - {name: Business phone, points: 10,  when: {column: telephone1, op: not-null}}
grades: [{name: Hot, min: 100}]
"""
VISITS = """\
model: Visits
groups:
  - name: Price page
    points: 5
    interactions:
      {table: lgate_leadinteraction, lead: lgate_leadid, at: lgate_occurredon, within_days: 28,
       where: {column: lgate_type, op: eq, value: price-page}}
"""
PAUL = {"leadid": "11111111-0000-0000-0000-000000000001", "jobtitle": "Painter", "telephone1": "+33 1 23 45 67 89"}
LEA = {"leadid": "11111111-0000-0000-0000-000000000002", "jobtitle": "", "telephone1": None}
VISIT = {
    "_lgate_leadid_value": PAUL["leadid"],
    "lgate_type": "Price-Page",
    "lgate_occurredon": "2026-05-01T10:00:00Z",
}


@dataclass
class Files:
    folder: Path

    def write(self, name: str, content: object) -> str:
        path = self.folder / name
        path.write_text(content if isinstance(content, str) else json.dumps(content), "utf-8")
        return str(path)


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path)


def run(*arguments: str) -> Result:
    app = typer.Typer()
    app.command()(model_test)
    return CliRunner().invoke(app, arguments, env={"COLUMNS": "200", "NO_COLOR": "1"})


def run_json(*arguments: str) -> Any:
    result = run(*arguments, "--json")
    assert (result.exit_code, result.stderr) == (0, "")
    return json.loads(result.stdout)


def test_the_klint_model_gives_a_lead_with_both_110_points(files: Files) -> None:
    assert run_json(files.write("m.yaml", KLINT), "--lead", files.write("l.json", PAUL)) == [
        {
            "leadid": PAUL["leadid"],
            "score": 110,
            "grade": "Hot",
            "lines": [
                {"group": "Job title", "matched": True, "events": None, "points": 100, "points_applied": 100},
                {"group": "Business phone", "matched": True, "events": None, "points": 10, "points_applied": 10},
            ],
            "valid_until": None,
        }
    ]


def test_people_see_the_points_with_their_reasons_and_no_value_of_the_lead(files: Files) -> None:
    result = run(files.write("m.yaml", KLINT), "--lead", files.write("l.json", [PAUL, LEA]))
    assert result.exit_code == 0
    for expected in ("Klint: 110 points, Hot", "+100", "Job title", "jobtitle not-null", "Klint: 0 points"):
        assert expected in result.stdout
    assert "Painter" not in result.stdout
    assert "+33" not in result.stdout


def test_markup_in_a_name_is_shown_and_not_obeyed(files: Files) -> None:
    model = KLINT.replace("Job title", "'[red]Job[/blue]'")
    assert "[red]Job[/blue]" in run(files.write("m.yaml", model), "--lead", files.write("l.json", PAUL)).stdout


def test_several_models_are_scored_lead_by_lead_and_named(files: Files) -> None:
    model = files.write("m.yaml", f"{KLINT}---\nrule: R\n---\n{VISITS}")
    found = run_json(model, "--lead", files.write("l.json", [PAUL, LEA]))
    assert [(one["leadid"], one["model"], one["score"]) for one in found] == [
        (PAUL["leadid"], "Klint", 110),
        (PAUL["leadid"], "Visits", 0),
        (LEA["leadid"], "Klint", 0),
        (LEA["leadid"], "Visits", 0),
    ]
    assert list(found[0]) == ["leadid", "model", "score", "grade", "lines", "valid_until"]


def test_interactions_count_at_the_instant_given(files: Files) -> None:
    arguments = (
        files.write("m.yaml", VISITS),
        *("--lead", files.write("l.json", [PAUL, LEA])),
        *("--interactions", files.write("i.json", {"lgate_leadinteraction": [VISIT, {**VISIT, "lgate_type": "x"}]})),
    )
    paul, lea = run_json(*arguments, "--at", "2026-05-02T00:00:00+02:00")
    assert (paul["score"], paul["lines"][0]["events"], paul["valid_until"]) == (5, 1, "2026-05-29T10:00:00Z")
    assert (lea["score"], lea["valid_until"]) == (0, None)
    assert run_json(*arguments, "--at", "2026-05-29T10:00:00")[0]["score"] == 0
    assert run_json(*arguments, "--at", "2026-05-29T09:59:59")[0]["score"] == 5
    assert run_json(*arguments, "--at", "2026-05-29T11:59:59+02:00")[0]["score"] == 5
    assert run_json(*arguments, "--at", "2026-04-01")[0]["valid_until"] == "2026-05-01T10:00:00Z"


@pytest.fixture
def far_from_greenwich(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "Asia/Tokyo")
        time.tzset()
        yield
    time.tzset()


def test_an_instant_without_an_offset_is_utc_wherever_the_machine_stands(
    files: Files, far_from_greenwich: None
) -> None:
    rows = files.write("i.json", {"lgate_leadinteraction": [VISIT]})
    arguments = (files.write("m.yaml", VISITS), "--lead", files.write("l.json", PAUL), "--interactions", rows)
    assert run_json(*arguments, "--at", "2026-05-01T09:59:59")[0]["score"] == 0
    assert run_json(*arguments, "--at", "2026-05-01T10:00:00")[0]["score"] == 5


def test_a_lead_outside_the_audience_has_no_score(files: Files) -> None:
    model = files.write("m.yaml", KLINT + "entry: {column: address1_country, op: eq, value: France}\n")
    (found,) = run_json(model, "--lead", files.write("l.json", PAUL))
    assert (found["score"], found["grade"], found["lines"]) == (None, None, [])
    assert "not in the audience" in run(model, "--lead", files.write("l.json", PAUL)).stdout


def refused(*arguments: str) -> list[str]:
    result = run(*arguments)
    assert (result.exit_code, result.stdout) == (1, "")
    return [line.rsplit("/", 1)[-1] for line in result.stderr.splitlines()]


def test_every_problem_of_every_file_is_named_at_once(files: Files) -> None:
    model = files.write(
        "m.yaml", KLINT.replace("100,", "x,").replace("op: not-null}}\ngrades", "op: someday}}\ngrades")
    )
    leads = files.write("l.json", '[\n  {"leadid": "1"},\n  3,\n  {"leadid": "1"}, {"jobtitle": "secret"}\n]')
    rows = files.write("i.json", {"email": [1], "task": {}, "letter": []})
    assert refused(model, "--lead", leads, "--interactions", rows) == [
        "m.yaml:3:36: groups[0].points: must be a whole number",
        "m.yaml:4:72: groups[1].when.op: unknown operator 'someday'",
        "l.json:3:3: a lead must be an object: a row of the Web API",
        "l.json:4:3: the leadid is that of lead 1 of this file already",
        "l.json:4:20: the lead has no leadid",
        "i.json:1:1: email: must be a list of rows",
        "i.json:1:1: task: must be a list of rows",
    ]


def test_a_value_of_another_kind_is_named_with_its_lead_and_never_repeated(files: Files) -> None:
    model = files.write("m.yaml", KLINT.replace("jobtitle,   op: not-null", "jobtitle, op: eq, value: CEO"))
    leads = files.write("l.json", '[{"leadid": "1", "jobtitle": "CEO"},\n {"leadid": "2", "jobtitle": 987654}]')
    assert refused(model, "--lead", leads) == [
        (
            "l.json:2:2: model Klint: column jobtitle holds a number where the model expects text (a label? labels are "
            "looked up in an environment when the model is applied; without one, write the option's value)"
        )
    ]


def test_a_business_unit_that_nobody_looked_up_is_refused_where_it_stands_and_once(files: Files) -> None:
    model = files.write("m.yaml", KLINT.replace("groups:", "business_unit: France\ngroups:"))
    leads = files.write("l.json", '[{"leadid": "1"}, {"leadid": "2"}]')
    (problem,) = refused(model, "--lead", leads)
    assert problem.startswith("m.yaml:2:16: business_unit: is not looked up yet")


def test_a_label_where_only_numbers_can_be_is_refused_where_it_stands(files: Files) -> None:
    model = files.write(
        "m.yaml", KLINT.replace("jobtitle,   op: not-null", "interests, op: contain-values, value: [1, Sport]")
    )
    leads = files.write("l.json", '[{"leadid": "1", "interests": "1"}, {"leadid": "2", "interests": "1"}]')
    assert refused(model, "--lead", leads) == [
        (
            "m.yaml:3:98: groups[0].when.value[1]: 'Sport' is a label: labels are looked up in an environment when the "
            "model is applied; without one, write the option's value"
        )
    ]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('{"leadid": ', "1:12: is not JSON: Expecting value"),
        ("", "1:1: is not JSON: Expecting value"),
        ('[{"leadid": "1"}] x', "1:19: is not JSON: Extra data"),
        ('{"leadid": "1", "x": NaN}', "1:1: is not JSON: NaN, Infinity or an endless number"),
        ('{"leadid": "1", "x": ' + "9" * 5_000 + "}", "1:1: is not JSON: NaN, Infinity or an endless number"),
        ("[" * 200_000, "1:1: is not JSON: nested too deep"),
        ("{}", "1:1: the lead has no leadid"),
        ('{"leadid": 1}', "1:1: the lead has no leadid"),
    ],
)
def test_a_lead_file_that_is_none_is_refused_with_its_position(files: Files, text: str, line: str) -> None:
    assert refused(files.write("m.yaml", KLINT), "--lead", files.write("l.json", text)) == [f"l.json:{line}"]


def test_files_that_are_not_there_and_files_without_models_are_named(files: Files) -> None:
    leads = files.write("l.json", [])
    assert refused(str(files.folder / "none.yaml"), "--lead", leads) == [
        "none.yaml:1:1: cannot be read: No such file or directory"
    ]
    assert refused(files.write("m.yaml", "rule: R\n"), "--lead", leads) == ["m.yaml:1:1: holds no model"]
    assert run_json(files.write("m.yaml", KLINT), "--lead", leads) == []


@pytest.mark.parametrize(
    "extra", [[], ["--lead"], ["--lead", "l.json", "--at", "soon"], ["--lead", "l.json", "--nope"]]
)
def test_wrong_usage_exits_with_2(files: Files, extra: list[str]) -> None:
    assert run(files.write("m.yaml", KLINT), *extra).exit_code == 2
