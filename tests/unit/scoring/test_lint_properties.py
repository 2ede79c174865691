"""No false alarm: what lint calls certain is never contradicted by a lead that the engine scores."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scoring import FactError, Facts, Place, Score, ScoringModel, compile_model, parse_model
from scoring.lint import Finding, Kind, lint, reach

AT = datetime(2026, 5, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
DATES = ["2026-05-01", "2026-05-01T00:00:00Z", "2026-05-01T02:00:00+02:00", "2026-05-02", "2026-04-30T23:59:59"]
TEXTS = ["a", "A ", "á", "ab", "abc", "b", "ba", "straße", "STRASSE", "a b", "-"]
PATTERNS = ["a", "ab", "%a", "%b%", "a_", "a%c", "[ab]%", "[^a]%", "b ", "á%", "%ss%", "a%b%"]
NUMBERS = [-1, 0, 1, 1.5, 2, 10]
ODD = ["", " ", "aB  ", "A", "abcc", "Ac", "c", "zz", "2026-05-01x", "2026-05-03T10:00", "ab\0", "strasse"]

texts, numbers, dates = st.sampled_from(TEXTS), st.sampled_from(NUMBERS), st.sampled_from(DATES)
own = st.sampled_from(["a", "b", "c.d"])


def asking(column: st.SearchStrategy[str], value: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    def with_value(ops: list[str], operand: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
        return st.fixed_dictionaries({"column": column, "op": st.sampled_from(ops), "value": operand})

    one_or_more = st.lists(value, min_size=1, max_size=3)
    return st.one_of(
        st.fixed_dictionaries({"column": column, "op": st.sampled_from(["null", "not-null"])}),
        with_value(["on", "on-or-before", "on-or-after"], st.sampled_from(["2026-05-01", "2026-05-02"])),
        with_value(["eq", "ne", "gt", "ge", "lt", "le"], value),
        with_value(["in", "not-in"], one_or_more),
        with_value(["between", "not-between"], st.tuples(value, value).map(sorted)),
    )


def patterns(column: st.SearchStrategy[str]) -> st.SearchStrategy[dict[str, Any]]:
    ops = ["like", "not-like", "begins-with", "not-begin-with", "ends-with", "not-end-with"]
    return st.fixed_dictionaries({"column": column, "op": st.sampled_from(ops), "value": st.sampled_from(PATTERNS)})


def trees(column: st.SearchStrategy[str]) -> st.SearchStrategy[dict[str, Any]]:
    leaf = asking(column, texts) | asking(column, dates) | asking(st.just("n"), numbers) | patterns(column)
    return st.recursive(
        leaf,
        lambda inner: st.one_of(
            st.fixed_dictionaries({"not": inner}),
            st.fixed_dictionaries({"all": st.lists(inner, min_size=2, max_size=3)}),
            st.fixed_dictionaries({"any": st.lists(inner, min_size=2, max_size=3)}),
        ),
        max_leaves=5,
    ).filter(lambda tree: depth(tree) < 5)


def depth(tree: dict[str, Any]) -> int:
    inner = [tree["not"]] if "not" in tree else tree.get("all", []) + tree.get("any", [])
    return 1 + max(map(depth, inner)) if inner else 0


counted = st.fixed_dictionaries(
    {"table": st.just("t"), "lead": st.just("l"), "at": st.just("on")},
    optional={"where": trees(st.just("k")), "within_days": st.integers(1, 9)},
)
some_rows = st.one_of(
    counted,
    counted.map(lambda rows: {**rows, "count": "none"}),
    st.tuples(counted, st.integers(1, 3)).map(lambda pair: {**pair[0], "count": "at-least", "n": pair[1]}),
    counted.map(lambda rows: {**rows, "half_life_days": 7}),
)
some_points = {"points": st.sampled_from([-10, -5, 5, 10, 20])}
some_cap = {"cap": st.sampled_from([0, 5, 10])}
some_groups = st.fixed_dictionaries({**some_points, "when": trees(own)}, optional=some_cap) | st.fixed_dictionaries(
    {**some_points, "interactions": some_rows}, optional=some_cap
)
models = st.fixed_dictionaries(
    {
        "model": st.just("M"),
        "groups": st.lists(some_groups, min_size=1, max_size=4).map(
            lambda found: [{"name": f"g{at}", **group} for at, group in enumerate(found)]
        ),
    },
    optional={
        "entry": trees(own),
        "limits": st.sampled_from([{"min": 0}, {"max": 10}, {"min": -5, "max": 15}, {"max": 40}]),
        "grades": st.sampled_from([[{"name": "High", "min": 21}, {"name": "Mid", "min": 5, "max": 10}]]),
        "text_accent_sensitive": st.booleans(),
        "time_zone": st.just("Europe/Paris"),
    },
)
values = st.one_of(texts, dates, st.none(), st.sampled_from(ODD), st.sampled_from(PATTERNS))
any_number = numbers | st.sampled_from([-2, 0.5, 1.2, 1.75, 11, None])
leads = st.fixed_dictionaries({"leadid": st.just("1"), "a": values, "b": values, "n": any_number}, optional={
    "c": st.fixed_dictionaries({"d": values})
})  # fmt: skip
events = st.fixed_dictionaries(
    {
        "_l_value": st.just("1"),
        "on": st.integers(-12, 1).map(lambda days: (AT + days * DAY).isoformat()),
        "k": values,
        "n": any_number,
    }
)
many_leads = st.lists(st.tuples(leads, st.lists(events, max_size=4)), min_size=6, max_size=12)
Many = list[tuple[dict[str, Any], list[dict[str, Any]]]]
quick = settings(deadline=None, max_examples=60, suppress_health_check=list(HealthCheck))
thorough = settings(quick, max_examples=500)


def scores(model: ScoringModel, many: Many) -> Iterator[Score]:
    """The scores of the leads in the audience; a lead whose columns are of another kind has none."""
    scorer = compile_model(model)
    for lead, rows in many:
        try:
            score = scorer.score(Facts(lead, {"t": rows}), AT)
        except FactError:
            continue
        if score.total is not None:
            yield score


def at_place(document: Any, place: Place) -> Any:
    for step in place:
        document = document[step]
    return document


def without(document: dict[str, Any], place: Place) -> ScoringModel:
    """The model without what stands at the place."""

    def cut(part: Any, steps: Place) -> Any:
        step, *rest = steps
        if isinstance(part, list):
            kept = [cut(member, tuple(rest)) if rest and at == step else member for at, member in enumerate(part)]
            return kept if rest else kept[:step] + kept[step + 1 :]
        return {
            key: cut(member, tuple(rest)) if rest and key == step else member
            for key, member in part.items()
            if rest or key != step
        }

    return parse_model(cut(document, place))


def asked_alone(document: dict[str, Any], place: Place, many: Many) -> Iterator[bool]:
    """What each lead of the audience, or each row of interactions, answers to the condition at the place."""
    condition = at_place(document, place)
    group: dict[str, Any] = {"name": "g", "points": 1, "when": condition}
    parts = {key: document[key] for key in ("entry", "text_accent_sensitive", "time_zone") if key in document}
    if place[0] == "entry":
        del parts["entry"]
    if "interactions" in place:
        del group["when"]
        group["interactions"] = {"table": "t", "lead": "l", "at": "on", "where": condition}
        parts.pop("entry", None)
        many = [(lead, [{**row, "on": AT.isoformat()}]) for lead, rows in many for row in rows]
    for score in scores(parse_model({"model": "M", **parts, "groups": [group]}), many):
        yield score.lines[0].matched


def check(finding: Finding, document: dict[str, Any], many: Many) -> None:
    parsed = parse_model(document)
    found = list(scores(parsed, many))
    at = finding.place[1] if finding.place[0] == "groups" else None
    match finding.kind:
        case Kind.NEVER_MATCHES | Kind.ALWAYS_MATCHES:
            assert set(asked_alone(document, finding.place, many)) <= {finding.kind == Kind.ALWAYS_MATCHES}
        case Kind.REDUNDANT_CONDITION | Kind.IDLE_CAP | Kind.IDLE_LIMIT:
            lesser = without(document, finding.place)
            for lead in many:
                assert list(scores(parsed, [lead])) == list(scores(lesser, [lead])) or not all(
                    list(scores(one, [lead])) for one in (parsed, lesser)
                )
        case Kind.UNREACHABLE_GRADE:
            assert parsed.grades[int(finding.place[1])].name not in {score.grade for score in found}
        case Kind.FIXED_SCORE:
            assert len({score.total for score in found}) <= 1
        case Kind.NO_POINTS:
            assert all(score.lines[int(at or 0)].points_applied == 0 for score in found)


def check_models(document: dict[str, Any], many: Many) -> None:
    """No finding on groups and conditions, and no bound, that a lead contradicts."""
    model = parse_model(document)
    span, found = reach(model), list(scores(model, many))
    for finding in lint(model):
        check(finding, document, many)
        if finding.kind in {Kind.SAME_GROUP, Kind.IMPLIED_GROUP, Kind.SPLIT_GROUP, Kind.CANCELLED_POINTS}:
            check_pair(finding, found)
    for score in found:
        assert score.total is not None
        assert not span.below(score.total)
        assert not span.above(score.total)


def check_pair(finding: Finding, found: list[Score]) -> None:
    here = int(finding.place[1])
    for score in found:
        (there,) = (at for at in range(len(score.lines)) if f"groups[{at}]" in finding.message)
        one, other = score.lines[here], score.lines[there]
        if finding.kind == Kind.IMPLIED_GROUP:
            assert other.matched or not one.matched
        else:
            assert one.matched is (other.matched is not (finding.kind == Kind.SPLIT_GROUP))
        if finding.kind == Kind.CANCELLED_POINTS:
            assert one.points_applied == -other.points_applied


def check_both(one: dict[str, Any], other: dict[str, Any], many: Many) -> None:
    """The same, where two conditions are to hold together: contradictions are more frequent there."""
    check_models({"model": "M", "groups": [{"name": "g", "points": 1, "when": {"all": [one, other]}}]}, many)


test_no_finding_is_contradicted_by_a_lead = quick(given(models, many_leads)(check_models))
test_no_contradiction_is_met_by_a_lead = quick(given(trees(own), trees(own), many_leads)(check_both))
test_no_finding_of_thousands_is_contradicted = pytest.mark.slow(thorough(given(models, many_leads)(check_models)))
test_no_contradiction_of_thousands_is_met = pytest.mark.slow(
    thorough(given(trees(own), trees(own), many_leads)(check_both))
)
