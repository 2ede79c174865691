"""What a page of leads shares: kinds of rows, findings that are alike, lines that are put together when asked for."""

from datetime import UTC, datetime

import pytest

from scoring import FactError, Line, Score, compile_model, explanation, parse_model, verdict
from scoring.definition import MAX_GROUPS
from scoring.event_kinds import Kinds

NOW = datetime(2026, 5, 15, 12, tzinfo=UTC)


def by_kind(*kinds: str, **rows: object) -> list[dict[str, object]]:
    base = {"table": "visit", "lead": "lead", "at": "on", **rows}
    wheres = [{"column": "kind", "op": "eq", "value": kind} for kind in kinds]
    return [
        {"name": f"{kind} {at}", "points": 1, "interactions": {**base, "where": where}}
        for at, (kind, where) in enumerate(zip(kinds, wheres, strict=True))
    ]


def visit(kind: object, lead: str = "L1", **more: object) -> dict[str, object]:
    return {"_lead_value": lead, "on": "2026-05-14T00:00:00Z", "kind": kind, **more}


def page(groups: list[dict[str, object]], rows: list[dict[str, object]], *leads: dict[str, object]) -> list[Score]:
    found = leads or ({"leadid": "L1"},)
    return compile_model(parse_model({"model": "M", "groups": groups})).score_page(found, {"visit": rows}, NOW)


def events(score: Score) -> list[int | None]:
    return [line.events for line in score.lines]


def test_a_row_counts_for_every_group_whose_kind_it_is_of_however_it_is_spelled() -> None:
    rows = [visit(kind) for kind in ("Web", "web ", "CAF\u00c9", "cafe", "other", "", None)]
    assert [events(score) for score in page(by_kind("web", "Caf\u00e9", "web"), rows)] == [[2, 2, 2]]


def test_a_kind_may_be_what_the_row_lacks() -> None:
    groups = by_kind("web", "cafe")
    for group, op in zip(groups, ("null", "not-null"), strict=True):
        group["interactions"] = {**group["interactions"], "where": {"column": "kind", "op": op}}  # type: ignore[dict-item]  # a mapping
    rows = [visit("web"), visit(None), visit(""), {"_lead_value": "L1", "on": "2026-05-14"}]
    assert events(page(groups, rows)[0]) == [3, 1]


@pytest.mark.parametrize("kind", [5, True, ["web"], {"web": 1}])
def test_a_kind_that_is_no_text_is_a_fault(kind: object) -> None:
    with pytest.raises(FactError, match=r"visit\.kind holds .* where the model expects text"):
        page(by_kind("web", "cafe"), [visit(kind, _kind_value=7)])


def test_a_kind_may_be_a_lookup_whose_row_was_expanded() -> None:
    rows = [visit({"name": "x"}, _kind_value="WEB"), visit(None, _kind_value="web")]
    assert events(page(by_kind("web", "cafe"), rows)[0]) == [2, 0]


def test_kinds_that_are_known_are_few_and_short() -> None:
    kinds = Kinds(lambda value, _row: [value == "a"], [(1, 0, None)])
    for number in range(5000):
        assert kinds[str(number)] == ()
    assert (kinds["a"], kinds["a" * 101]) == (((1, 0, None),), ())
    assert 0 < len(kinds) <= 1024
    assert max(len(text or "") for text in kinds) <= 100


def test_groups_stand_in_the_order_of_the_model_however_they_are_found() -> None:
    met = {"name": "met", "points": 10, "when": {"column": "a", "op": "not-null"}}
    fading, counted = by_kind("web", half_life_days=7), by_kind("web")
    groups = [{**fading[0], "name": "fading"}, counted[0], met, {**counted[0], "name": "again"}]
    (score,) = page(groups, [visit("web"), visit("web")], {"leadid": "L1", "a": "x"})
    assert [line.group for line in score.lines] == ["fading", "web 0", "met", "again"]
    assert explanation(score) == (
        '{"groups":[{"events":2,"group":1,"points":2},{"events":2,"group":2,"points":2},{"group":3,"points":10},'
        '{"events":2,"group":4,"points":2}]}'
    )


def test_forty_groups_keep_their_counts_apart() -> None:
    kinds = [f"k{at}" for at in range(MAX_GROUPS)]
    rows = [visit(kind) for at, kind in enumerate(kinds) for _ in range(at)]
    assert events(page(by_kind(*kinds), rows)[0]) == list(range(MAX_GROUPS))


def test_what_is_known_of_findings_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verdict, "_KEPT", 4)
    verdicts = verdict.Verdicts(parse_model({"model": "M", "groups": by_kind("web")}))
    totals = [verdicts[count << MAX_GROUPS].total for count in (*range(50), *range(50))]
    assert totals == [*range(50), *range(50)]
    assert len(verdicts) <= 4


def test_lines_are_as_good_as_the_tuple_of_them() -> None:
    (score,) = page(by_kind("web"), [visit("web")])
    lines = (Line("web 0", True, 1, 1, 1),)
    assert score.lines == lines
    assert lines == score.lines
    assert (score.lines != lines, score.lines == list(lines), len(score.lines)) == (False, False, 1)
    assert (score.lines[0], score.lines[1:], repr(score.lines)) == (lines[0], (), repr(lines))
    assert {score, Score(1, None, lines, None)} == {score}
    with pytest.raises(AttributeError):
        score.total = 5  # type: ignore[misc]  # that is the point


ANY = [
    {"column": "a", "op": "eq", "value": "x"},
    {"column": "a", "op": "in", "value": ["Y", "z"]},
    {"column": "a", "op": "ends-with", "value": ".de"},
    {"column": "a", "op": "ends-with", "value": ".FR"},
    {"column": "a", "op": "begins-with", "value": "head"},
    {"column": "a", "op": "begins-with", "value": "chief"},
    {"column": "a", "op": "like", "value": "%d o%"},
    {"column": "b", "op": "eq", "value": 5},
    {"column": "b", "op": "in", "value": [6, 7]},
]


@pytest.mark.parametrize("first", range(0, len(ANY), 2))
@pytest.mark.parametrize("a", ["x ", "y", "Z", "a.de", "b.fr", "Head of", "chief", "none", "never", "", None])
@pytest.mark.parametrize("b", [5, 6.0, 8, None])
def test_one_of_many_is_asked_together_and_answers_as_each_alone(first: int, a: object, b: object) -> None:
    members, lead = [*ANY[first:], *ANY[: first // 2]], {"leadid": "1", "a": a, "b": b}
    groups = [{"name": str(at), "points": 1, "when": one} for at, one in enumerate(members)]
    *alone, together = page([*groups, {"name": "any", "points": 1, "when": {"any": members}}], [], lead)[0].lines
    assert together.matched == any(line.matched for line in alone)
