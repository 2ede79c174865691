"""What holds for every model, every lead and every instant."""

import hashlib
import json
import random
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from scoring import Facts, Score, assign_interactions, canonical_json, compile_model, explanation, parse_model

START = datetime(2026, 5, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
TICK = timedelta(microseconds=1)

text_values = st.text(min_size=1, max_size=5).filter(lambda text: text.rstrip(" ") and "[" not in text)
number_values = st.integers(-1000, 1000) | st.floats(-1e6, 1e6, allow_nan=False)
columns = st.sampled_from(["a", "b", "c.d", "e.f"])
own_columns = st.sampled_from(["kind", "page"])


def comparisons(names: st.SearchStrategy[str]) -> st.SearchStrategy[dict[str, object]]:
    return st.one_of(
        st.fixed_dictionaries({"column": names, "op": st.sampled_from(["null", "not-null"])}),
        st.fixed_dictionaries(
            {"column": names, "op": st.sampled_from(["eq", "ne", "like", "ends-with", "gt"]), "value": text_values}
        ),
        st.fixed_dictionaries(
            {
                "column": names,
                "op": st.sampled_from(["in", "not-in"]),
                "value": st.lists(text_values, min_size=1, max_size=3),
            }
        ),
    )


def conditions(names: st.SearchStrategy[str]) -> st.SearchStrategy[dict[str, object]]:
    return st.recursive(
        comparisons(names),
        lambda inner: st.one_of(
            st.fixed_dictionaries({"not": inner}),
            st.fixed_dictionaries({"all": st.lists(inner, min_size=1, max_size=2)}),
            st.fixed_dictionaries({"any": st.lists(inner, min_size=1, max_size=2)}),
        ),
        max_leaves=4,
    ).filter(lambda tree: depth(tree) <= 5)


def depth(tree: object) -> int:
    inner = tree if isinstance(tree, list) else [tree[key] for key in ("not", "all", "any") if key in tree]  # type: ignore[operator, index]  # a condition
    return max(((not isinstance(tree, list)) + depth(part) for part in inner), default=0)


def counts(where: st.SearchStrategy[dict[str, object]]) -> st.SearchStrategy[dict[str, object]]:
    base = {"table": st.just("visit"), "lead": st.just("lead"), "at": st.just("on")}
    window = {"within_days": st.integers(1, 3), "where": where}
    return st.one_of(
        st.fixed_dictionaries(base, optional={**window, "half_life_days": st.integers(1, 30)}),
        st.fixed_dictionaries({**base, "count": st.just("none")}, optional=window),
        st.fixed_dictionaries({**base, "count": st.just("at-least"), "n": st.integers(1, 3)}, optional=window),
    )


points = st.integers(-50, 50)
attribute_groups = st.fixed_dictionaries({"points": points, "when": conditions(columns)})
interaction_groups = st.fixed_dictionaries(
    {"points": points, "interactions": counts(conditions(own_columns))}, optional={"cap": st.integers(0, 60)}
)
groups = st.lists(attribute_groups | interaction_groups, min_size=1, max_size=4).map(
    lambda found: [{"name": f"g{at}", **group} for at, group in enumerate(found)]
)
limits = st.tuples(st.integers(-30, 0), st.integers(0, 30)).map(lambda pair: {"min": pair[0], "max": pair[1]})
models = st.fixed_dictionaries(
    {"model": st.just("M"), "groups": groups},
    optional={
        "entry": conditions(columns),
        "limits": limits,
        "grades": st.just([{"name": "High", "min": 10}, {"name": "Low", "max": 0}]),
        "text_accent_sensitive": st.booleans(),
        "time_zone": st.sampled_from(["Europe/Paris", "Pacific/Apia"]),
        "description": st.text(st.characters(exclude_categories=["Cs"]), max_size=5),
    },
)
some_text = st.none() | st.text(max_size=5)
leads = st.fixed_dictionaries(
    {"leadid": st.just("1"), "a": some_text, "b": some_text},
    optional={"c": st.none() | st.fixed_dictionaries({"d": some_text}), "e": st.fixed_dictionaries({"f": some_text})},
)
instants = st.integers(-24 * 40, 24 * 10).map(lambda hours: START + hours * HOUR)
visits = st.lists(
    st.fixed_dictionaries(
        {
            "_lead_value": st.just("1") | st.just("2"),
            "on": instants.map(datetime.isoformat) | st.none(),
            "kind": some_text,
        }
    ),
    max_size=8,
)


def scored(model: dict[str, object], lead: dict[str, object], rows: list[dict[str, object]], at: datetime) -> Score:
    return compile_model(parse_model(model)).score(Facts(lead, {"visit": rows}), at)


@settings(deadline=None)
@given(models, leads, visits, instants)
def test_lines_sum_to_the_total(
    model: dict[str, object], lead: dict[str, object], rows: list[dict[str, object]], at: datetime
) -> None:
    score = scored(model, lead, rows, at)
    assert sum(line.points_applied for line in score.lines) == (score.total or 0)
    assert all(line.points == line.points_applied == 0 for line in score.lines if not line.matched)


@settings(deadline=None)
@given(models)
def test_the_canonical_text_gives_the_model_back(model: dict[str, object]) -> None:
    parsed = parse_model(model)
    text = canonical_json(parsed)
    again = parse_model(json.loads(text))
    assert again == parsed
    assert canonical_json(again) == text


@settings(deadline=None)
@given(models, leads, visits, instants, st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing(
    model: dict[str, object],
    lead: dict[str, object],
    rows: list[dict[str, object]],
    at: datetime,
    chance: random.Random,
) -> None:
    shuffled = rows.copy()
    chance.shuffle(shuffled)
    score = scored(model, lead, rows, at)
    assert scored(model, lead, shuffled, at) == score
    assert explanation(scored(model, lead, shuffled, at)) == explanation(score)


@settings(max_examples=60, deadline=None)
@given(interaction_groups, visits, st.integers(-24 * 5, 24 * 5))
def test_valid_until_misses_no_change(group: dict[str, object], rows: list[dict[str, object]], hours: int) -> None:
    scorer = compile_model(parse_model({"model": "M", "groups": [{"name": "g", **group}]}))
    facts, at = Facts({"leadid": "1"}, {"visit": rows}), START + hours * HOUR
    score = scorer.score(facts, at)
    # Every change falls on a full hour here: scan them all for three weeks, and the tick before the promised one.
    for hour in range(1, 24 * 21):
        later = scorer.score(facts, at + hour * HOUR)
        if score.valid_until is not None and at + hour * HOUR >= score.valid_until:
            assert score.valid_until == at + hour * HOUR
            before = scorer.score(facts, score.valid_until - TICK)
            assert (before.lines, before.valid_until) == (score.lines, score.valid_until)
            assert later.valid_until is None or later.valid_until > score.valid_until
            return
        assert (later.lines, later.total, later.grade) == (score.lines, score.total, score.grade)


@settings(deadline=None)
@given(st.integers(0, 24 * 20), st.integers(1, 3))
def test_valid_until_is_no_earlier_than_the_change(age_hours: int, within_days: int) -> None:
    group = {
        "name": "g",
        "points": 1,
        "interactions": {"table": "visit", "lead": "lead", "at": "on", "within_days": within_days},
    }
    scorer = compile_model(parse_model({"model": "M", "groups": [group]}))
    facts = Facts({"leadid": "1"}, {"visit": [{"_lead_value": "1", "on": (START - age_hours * HOUR).isoformat()}]})
    score = scorer.score(facts, START)
    if score.valid_until is None:
        assert score.total == 0
    else:
        assert scorer.score(facts, score.valid_until).total != score.total


def reordered(document: object, chance: random.Random) -> object:
    """The same document with the keys of its mappings in another order."""
    if isinstance(document, dict):
        keys = list(document)
        chance.shuffle(keys)
        return {key: reordered(document[key], chance) for key in keys}
    return [reordered(member, chance) for member in document] if isinstance(document, list) else document


@settings(deadline=None)
@given(models, st.randoms(use_true_random=False))
def test_the_same_definition_with_its_keys_in_another_order_has_the_same_hash(
    model: dict[str, object], chance: random.Random
) -> None:
    texts = [canonical_json(parse_model(document)) for document in (model, reordered(model, chance))]
    assert len({hashlib.sha256(text.encode()).hexdigest() for text in texts}) == 1


@settings(deadline=None)
@given(models, leads, visits, instants, st.randoms(use_true_random=False))
def test_the_order_of_groups_and_keys_changes_no_points(
    model: dict[str, object],
    lead: dict[str, object],
    rows: list[dict[str, object]],
    at: datetime,
    chance: random.Random,
) -> None:
    other = dict(model)
    groups_of = list(model["groups"])  # type: ignore[call-overload]  # a list of groups
    chance.shuffle(groups_of)
    other["groups"] = groups_of
    score = scored(model, lead, rows, at)
    shuffled = scored(reordered(other, chance), reordered(lead, chance), rows, at)  # type: ignore[arg-type]  # a mapping
    assert (shuffled.total, shuffled.grade, shuffled.valid_until) == (score.total, score.grade, score.valid_until)
    assert sorted(line.group for line in shuffled.lines) == sorted(line.group for line in score.lines)
    assert set(shuffled.lines) == set(score.lines)


@settings(deadline=None)
@given(models, leads, visits, instants)
def test_a_group_that_does_not_match_changes_nothing(
    model: dict[str, object], lead: dict[str, object], rows: list[dict[str, object]], at: datetime
) -> None:
    never = {"all": [{"column": "a", "op": "null"}, {"column": "a", "op": "not-null"}]}
    more = {**model, "groups": [*model["groups"], {"name": "never", "points": 50, "when": never}]}  # type: ignore[misc]  # a list of groups
    score, with_more = scored(model, lead, rows, at), scored(more, lead, rows, at)
    assert (with_more.total, with_more.grade, with_more.valid_until) == (score.total, score.grade, score.valid_until)
    assert explanation(with_more) == explanation(score)


@settings(deadline=None)
@given(models, st.lists(leads, min_size=2, max_size=5), visits, instants)
def test_one_at_a_time_is_the_same_as_all_together(
    model: dict[str, object], many: list[dict[str, object]], rows: list[dict[str, object]], at: datetime
) -> None:
    named = [{**lead, "leadid": str(number)} for number, lead in enumerate(many)]
    together = compile_model(parse_model(model))
    own = assign_interactions(named, {"visit": rows}, together.needs.interactions)
    page = together.score_page(named, {"visit": rows}, at)
    for lead, in_bulk in zip(named, page, strict=True):
        alone = compile_model(parse_model(model)).score(Facts(lead, {"visit": rows}), at)
        assigned = together.score(Facts(lead, own[lead["leadid"]]), at)
        assert (in_bulk, explanation(in_bulk)) == (alone, explanation(alone)) == (assigned, explanation(assigned))


def named_columns(document: object) -> set[str]:
    """The columns that a part of a definition names in its conditions, read off the document itself."""
    if isinstance(document, dict):
        own = {document["column"]} if "column" in document else set()
        return own.union(*map(named_columns, document.values()))
    return set().union(*map(named_columns, document)) if isinstance(document, list) else set()


@settings(deadline=None)
@given(models, leads, visits, instants)
def test_scoring_needs_what_conditions_name_and_nothing_else(
    model: dict[str, object], lead: dict[str, object], rows: list[dict[str, object]], at: datetime
) -> None:
    needs = compile_model(parse_model(model)).needs
    groups_of: list[dict[str, object]] = list(model["groups"])  # type: ignore[call-overload]  # a list of groups
    of_lead = named_columns(model.get("entry")).union(*(named_columns(group.get("when")) for group in groups_of))
    dotted = {f"{lookup}.{column}" for lookup, columns in needs.expands.items() for column in columns}
    assert needs.columns | dotted == of_lead
    of_visits = set().union(*(named_columns(group.get("interactions")) for group in groups_of))
    assert set().union(*(need.columns for need in needs.interactions)) == of_visits

    related = {lookup: lead[lookup] for lookup in needs.expands if lookup in lead}
    asked = {"leadid": lead["leadid"], **{name: lead[name] for name in needs.columns & lead.keys()}, **related}
    kept = {"_lead_value", "on", *of_visits}
    narrow = [{name: value for name, value in row.items() if name in kept} for row in rows]
    assert scored(model, asked, narrow, at) == scored(model, lead, rows, at)
