"""What a lead lacks for the next grade or a threshold: the fewest groups first."""

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st

from scoring import Facts, NearestMiss, Score, ScoringModel, compile_model, nearest_misses, parse_model

NOW = datetime(2026, 5, 15, 12, tzinfo=UTC)


def model_of(points: Sequence[int], **fields: object) -> ScoringModel:
    groups = [
        {"name": f"g{at}", "points": each, "when": {"column": f"c{at}", "op": "not-null"}}
        for at, each in enumerate(points)
    ]
    return parse_model({"model": "M", "groups": groups, **fields})


def scored(model: ScoringModel, matched: Sequence[int]) -> Score:
    return compile_model(model).score(Facts({f"c{at}": "x" for at in matched}), NOW)


def ways(model: ScoringModel, matched: Sequence[int], threshold: int) -> tuple[tuple[str, ...], ...]:
    (miss,) = nearest_misses(model, scored(model, matched), {"rule": threshold})
    return miss.ways


def test_the_fewest_groups_come_first() -> None:
    model = model_of([100, 10, 20, 5, 90])
    assert ways(model, [1], 100) == (("g0",), ("g4",))
    assert ways(model, [0], 130) == (("g4",), ("g2", "g1"))
    assert ways(model, [], 200) == (("g0", "g4", "g2"), ("g0", "g4", "g1"))


def test_the_next_grade_is_the_nearest_above() -> None:
    grades = [{"name": "Hot", "min": 100}, {"name": "Warm", "min": 20, "max": 99}, {"name": "Cold", "max": 19}]
    model = model_of([100, 10, 20], grades=grades)
    assert nearest_misses(model, scored(model, [1]), {}) == (NearestMiss("Warm", 20, 10, (("g0",), ("g2",))),)
    assert nearest_misses(model, scored(model, [2]), {}) == (NearestMiss("Hot", 100, 80, (("g0",),)),)
    assert nearest_misses(model, scored(model, [0]), {}) == ()


def test_thresholds_that_are_reached_are_no_misses_and_the_nearest_comes_first() -> None:
    model = model_of([100, 10])
    found = nearest_misses(model, scored(model, [1]), {"reached": 10, "far": 500, "near": 50})
    assert [(miss.goal, miss.lacking, miss.ways) for miss in found] == [("near", 40, (("g0",),)), ("far", 490, ())]


def test_groups_that_take_points_away_are_no_help() -> None:
    assert ways(model_of([-5, 3]), [], 5) == ()


def test_a_cap_and_the_limits_bound_what_a_group_would_add() -> None:
    groups = [{"name": "g", "points": 50, "cap": 20, "when": {"column": "c", "op": "not-null"}}]
    model = parse_model({"model": "M", "groups": groups})
    assert ways(model, [], 30) == ()
    limited = model_of([100, 60], limits={"max": 100})
    assert ways(limited, [1], 90) == (("g0",),)
    assert ways(limited, [1], 120) == ()


def test_what_the_limits_already_cut_has_to_be_made_up_first() -> None:
    model = model_of([-200, 60, 40, 250], limits={"min": 0})
    assert ways(model, [0], 50) == (("g3",),)


def test_a_lead_outside_the_audience_misses_nothing() -> None:
    model = model_of([100], entry={"column": "x", "op": "not-null"})
    assert nearest_misses(model, scored(model, []), {"rule": 100}) == ()


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(-30, 60), min_size=1, max_size=7), st.data())
def test_meeting_a_way_reaches_the_goal_and_no_smaller_set_does(points: list[int], data: st.DataObject) -> None:
    model = model_of(points)
    matched = data.draw(st.sets(st.integers(0, len(points) - 1)))
    threshold = data.draw(st.integers(-20, 150))
    misses = nearest_misses(model, scored(model, sorted(matched)), {"rule": threshold})
    for miss in misses:
        for way in miss.ways:
            met = {int(name[1:]) for name in way}
            assert not met & matched
            assert (scored(model, sorted(matched | met)).total or 0) >= threshold
            for one in met:
                assert (scored(model, sorted(matched | met - {one})).total or 0) < threshold
        others = [at for at in range(len(points)) if at not in matched]
        smaller = min((len(way) for way in miss.ways), default=len(others) + 1) - 1
        for met_instead in (met for size in range(smaller + 1) for met in combinations(others, size)):
            assert (scored(model, sorted(matched | set(met_instead))).total or 0) < threshold


def test_forty_groups_take_no_time() -> None:
    model = model_of([7] * 40)
    (miss,) = nearest_misses(model, scored(model, []), {"rule": 139})
    assert [len(way) for way in miss.ways] == [20, 20, 20]
    hard = model_of([2 * at + 101 for at in range(40)])
    assert nearest_misses(hard, scored(hard, []), {"rule": sum(2 * at + 101 for at in range(40)) - 1})
