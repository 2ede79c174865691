"""`leadgate model validate` names every error and every finding with file, line and column."""

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from admin.model_validate import model_validate

KLINT = """\
model: Klint
groups:
  - {name: Job title,      points: 100, when: {column: jobtitle,   op: not-null}}
  - {name: Business phone, points: 10,  when: {column: telephone1, op: not-null}}
"""
RULE = """\
rule: Qualified
criteria:
  - {model: KLINT, at_least: 111}
actions: {sales_ready: true}
"""
DOUBTFUL = """\
model: Doubtful
groups:
  - name: Nobody
    points: 5
    when:
      all:
        - {column: jobtitle, op: eq, value: CEO}
        - {column: jobtitle, op: eq, value: CTO}
  - {name: Late, points: 5, when: {column: statuscode, op: eq, value: 1}}
"""
INVALID = "model: Wrong\ngroups:\n  - {name: A, points: 1, when: {column: a, op: equals}}\n"


def run(*arguments: str) -> Result:
    app = typer.Typer()
    app.command()(model_validate)
    return CliRunner().invoke(app, arguments)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "models.yaml"


def test_nothing_is_said_of_files_that_mean_what_they_say(path: Path) -> None:
    path.write_text(f"{KLINT}---\n{RULE.replace('111', '110')}", "utf-8")
    done = run(str(path))
    assert (done.exit_code, done.output) == (0, "")
    assert json.loads(run(str(path), "--json").stdout) == []


def test_findings_are_named_with_file_line_and_column(path: Path) -> None:
    path.write_text(DOUBTFUL, "utf-8")
    done = run(str(path))
    assert done.exit_code == 1
    assert done.stdout == (
        f'{path}:5:5: groups[0].when: can never match: jobtitle eq "CEO" and jobtitle eq "CTO" contradict each other; '
        "correct or remove one of them [never-matches]\n"
        f"{path}:9:44: groups[1].when.column: statuscode holds what qualification leaves there: until then it says "
        "nothing of the lead; ask a column that is filled before [late-column]\n"
    )


def test_errors_of_one_model_do_not_hide_the_findings_of_another(path: Path, tmp_path: Path) -> None:
    path.write_text(f"{INVALID}---\n{DOUBTFUL}", "utf-8")
    torn = tmp_path / "torn.yaml"
    torn.write_text("model: {", "utf-8")
    done = run(str(path), str(torn), "--json")
    assert done.exit_code == 1
    said = json.loads(done.stdout)
    assert [(Path(one["file"]).name, one["line"], one["kind"]) for one in said] == [
        ("models.yaml", 3, "error"),
        ("models.yaml", 9, "never-matches"),
        ("models.yaml", 13, "late-column"),
        ("torn.yaml", 1, "error"),
    ]
    assert said[0]["message"] == "groups[0].when.op: unknown operator 'equals'"
    assert (said[0]["cure"], said[1]["cure"]) == (None, "correct or remove one of them")
    assert said[1]["place"] == "groups[0].when"
    assert said[1]["message"].endswith("contradict each other")


def test_a_rule_that_no_lead_can_meet_is_found_at_its_threshold(path: Path, tmp_path: Path) -> None:
    path.write_text(KLINT, "utf-8")
    rules = tmp_path / "rules.yaml"
    rules.write_text(RULE, "utf-8")
    done = run(str(rules), str(path))
    assert done.exit_code == 1
    assert done.stdout == (
        f"{rules}:3:30: criteria[0].at_least: no lead can have 111 points: scores go from 0 to 110; "
        "ask for less, or give more points [unreachable-threshold]\n"
    )


def test_a_rule_whose_model_is_elsewhere_is_not_judged(path: Path) -> None:
    path.write_text(RULE, "utf-8")
    assert run(str(path)).exit_code == 0


def test_kinds_can_be_left_out_and_columns_be_named(path: Path) -> None:
    path.write_text(DOUBTFUL, "utf-8")
    assert run(str(path), "--ignore", "never-matches", "--ignore", "late-column").exit_code == 0
    assert run(str(path), "--ignore", "no-such-kind").exit_code == 2
    path.write_text(KLINT, "utf-8")
    done = run(str(path), "--late-column", "jobtitle")
    assert (done.exit_code, "[late-column]" in done.stdout) == (1, True)
