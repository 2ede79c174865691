"""A scoring model and what is known of a lead -> the score, why, and until when it stays true.

Pure: no I/O, no clock (time is an argument), nothing of Dataverse but the shape of its rows. `parse_model` turns
foreign data into a `ScoringModel` or names all that is wrong with it; `compile_model` turns that into a `Scorer`,
which says what it `needs` and scores any number of leads from any number of threads.
"""

from scoring.assignment import assign_interactions
from scoring.canonical import canonical_json
from scoring.conditions import Comparison
from scoring.definition import ScoringModel
from scoring.errors import DefinitionError, FactError, Place, Problem, ScoringError, place_text
from scoring.facts import Facts, Row
from scoring.nearest_miss import NearestMiss, nearest_misses
from scoring.needs import InteractionNeed, Needs, PlacedComparison, comparisons
from scoring.parsing import parse_model
from scoring.score import Line, Score, explanation
from scoring.scorer import Scorer, compile_model
from scoring.wording import condition_text, group_text

__all__ = [
    "Comparison",
    "DefinitionError",
    "FactError",
    "Facts",
    "InteractionNeed",
    "Line",
    "NearestMiss",
    "Needs",
    "Place",
    "PlacedComparison",
    "Problem",
    "Row",
    "Score",
    "Scorer",
    "ScoringError",
    "ScoringModel",
    "assign_interactions",
    "canonical_json",
    "comparisons",
    "compile_model",
    "condition_text",
    "explanation",
    "group_text",
    "nearest_misses",
    "parse_model",
    "place_text",
]
