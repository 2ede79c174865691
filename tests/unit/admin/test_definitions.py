"""Files hold models and rules; whatever is wrong in any of them is named before anything is done."""

from pathlib import Path

import pytest

from admin.definition_files import FileError
from admin.definitions import read_definitions

MODEL = "model: Fit\ngroups:\n  - {name: Title, points: 100, when: {column: jobtitle, op: not-null}}\n"
RULE = "rule: Qualified\ncriteria:\n  - {model: Fit, at_least: 100}\nactions: {sales_ready: true}\n"


def written(folder: Path, **texts: str) -> list[Path]:
    paths = []
    for name, text in texts.items():
        paths.append(folder / f"{name}.yaml")
        paths[-1].write_text(text, "utf-8")
    return paths


def problems(paths: list[Path]) -> list[str]:
    with pytest.raises(FileError) as refused:
        read_definitions(paths)
    return [
        f"{problem.file.stem}:{problem.line}:{problem.column}: {problem.message}" for problem in refused.value.problems
    ]


def test_models_and_rules_of_several_files_are_gathered_whatever_their_order(tmp_path: Path) -> None:
    found = read_definitions(written(tmp_path, rules=RULE, both=f"{RULE.replace('Qualified', 'Other')}---\n{MODEL}"))
    assert [model.name for model in found.models] == ["Fit"]
    assert [rule.rule for rule in found.rules] == ["Qualified", "Other"]


def test_a_file_of_rules_alone_is_a_file(tmp_path: Path) -> None:
    assert read_definitions(written(tmp_path, rules=RULE)).models == ()


def test_every_problem_of_every_file_is_named_at_its_line(tmp_path: Path) -> None:
    paths = written(
        tmp_path,
        models=MODEL.replace("not-null", "matches"),
        rules=f"{RULE}max_per_hour: 5\n---\n{RULE.replace('100', '1.5').replace('Qualified', 'Other')}",
    )
    found = problems([*paths, tmp_path / "missing.yaml"])
    assert found == [
        "models:3:61: groups[0].when.op: unknown operator 'matches'",
        "missing:1:1: cannot be read: No such file or directory",
        "rules:5:15: max_per_hour: bounds qualify_lead, which is not among the actions",
        "rules:9:28: criteria[0].at_least: must be a whole number",
    ]


def test_a_rule_defined_twice_is_refused_even_in_another_case(tmp_path: Path) -> None:
    paths = written(tmp_path, one=RULE, two=f"---\n{RULE.replace('Qualified', 'QUALIFIED')}")
    assert problems(paths) == [f"two:2:7: rule: is defined already at {paths[0]}:1"]


def test_a_model_and_a_rule_may_have_one_name(tmp_path: Path) -> None:
    found = read_definitions(written(tmp_path, both=f"{MODEL}---\n{RULE.replace('Qualified', 'Fit')}"))
    assert (found.models[0].name, found.rules[0].rule) == ("Fit", "Fit")


def test_a_broken_file_is_named_once_and_the_others_are_still_read(tmp_path: Path) -> None:
    found = problems(written(tmp_path, broken="rule: [", rules=RULE.replace("true", "false")))
    assert [problem.partition(":")[0] for problem in found] == ["broken", "rules"]
