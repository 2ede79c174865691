"""Models whose files name options by their labels: applied, published and scored by values."""

from pathlib import Path

import pytest

from admin.definition_commands import apply_definitions
from admin.definition_files import FileError
from admin.definitions import Definitions, read_definitions
from connector.drafts import read_model
from connector.errors import PublicationError
from connector.tables import PublishedVersion, ScoringCondition, ScoringGroup, ScoringModel
from dataverse import Request, create, query
from dataverse.column_definitions import choice_column
from dataverse.definitions import add_column
from dataverse.labels import label
from scoring import parse_model
from tests.world import FIT, World

ACCOUNT = "00000001-0000-0000-0000-000000000001"
BY_LABELS = """\
model: Industry
entry: {column: statuscode, op: in, value: [new, Contacted]}
columns: {lead: {jobtitle: String}}
groups:
  - {name: Consultants,    points: 1,     when: {column: industrycode, op: eq, value: " consulting "}}
  - {name: May be written, points: 10,    when: {column: donotemail, op: eq, value: no}}
  - {name: Plays,          points: 100,   when: {column: new_interests, op: contain-values, value: [Musik, 1]}}
  - {name: Insured,        points: 1000,  when: {column: parentaccountid.industrycode, op: eq, value: Insurance}}
  - {name: Titled,         points: 10000, when: {column: jobtitle, op: eq, value: Consulting}}
  - name: Deep
    points: 100000
    when: {any: [{not: {column: statecode, op: ne, value: OPEN}}, {column: industrycode, op: eq, value: 99}]}
  - name: Visits
    points: 1000000
    interactions:
      table: lgate_leadinteraction
      lead: lgate_leadid
      at: lgate_occurredon
      where: {column: new_channel, op: eq, value: Télévision}
"""
WRONG = """\
model: Right
groups:
  - {name: g, points: 1, when: {column: industrycode, op: eq, value: Consulting}}
---
model: Wrong
groups:
  - {name: g, points: 1, when: {column: industrycode, op: eq, value: Consultancy}}
  - name: h
    points: 1
    when:
      any:
        - {column: new_interests, op: contain-values, value: [Sport, Chess]}
"""
MUSIC = {1: ("Sport", "Sport"), 2: ("Music", "Musik"), 3: ("Games", "Chess"), 4: ("Chess", "Échecs")}


@pytest.fixture
def chosen(world: World) -> World:
    """A world with a multi-select column on the lead, and a choice on interactions, in two languages."""
    options = {value: {1033: one, 1036: other} for value, (one, other) in MUSIC.items()}
    interests = {
        "@odata.type": "Microsoft.Dynamics.CRM.MultiSelectPicklistAttributeMetadata",
        "SchemaName": "new_Interests",
        "DisplayName": label({1033: "Interests"}),
        "RequiredLevel": {"Value": "None"},
        "OptionSet": choice_column("x", {1033: "x"}, options=options)["OptionSet"],
    }
    channel = choice_column("new_Channel", {1033: "Channel"}, options={7: {1033: "TV", 1036: "Télévision"}})
    world.app.client.send(add_column("lead", interests))
    world.app.client.send(add_column("lgate_leadinteraction", channel))
    return world


def written(folder: Path, text: str) -> Definitions:
    path = folder / "models.yaml"
    path.write_text(text, "utf-8")
    return read_definitions([path])


def stored(world: World) -> str:
    """Everything that drafts and versions say in their columns of conditions."""
    columns = {
        ScoringModel.SET: [ScoringModel.ENTRY],
        ScoringGroup.SET: [ScoringGroup.DEFINITION],
        ScoringCondition.SET: [ScoringCondition.NAME, ScoringCondition.VALUE],
        PublishedVersion.SET: [PublishedVersion.DEFINITION],
    }
    rows = [row for name, select in columns.items() for row in world.app.client.rows(query(name, select=select))]
    return "\n".join(str(row[column]) for row in rows for column in row if column.startswith("lgate_"))


def test_labels_are_values_from_the_draft_on_and_score(chosen: World, tmp_path: Path) -> None:
    definitions = written(tmp_path, BY_LABELS)
    assert apply_definitions(chosen.app.client, definitions) == [("model", "Industry", True)]
    chosen.publisher().publish_model("Industry")
    chosen.app.versions.fresh()
    texts = stored(chosen)
    for gone in ("nsulting ", "Musik", "Insurance", "OPEN", "new,", "Contacted", "vision"):
        assert gone not in texts
    assert "donotemail eq false" in texts
    assert "jobtitle eq Consulting" in texts  # a text column keeps its text

    chosen.app.client.send(create("accounts", {"accountid": ACCOUNT, "name": "A", "industrycode": 20}))
    account = {"parentaccountid@odata.bind": f"/accounts({ACCOUNT})"}
    every = {"industrycode": 7, "donotemail": False, "new_interests": "2,3", "jobtitle": "consulting", **account}
    leads = [
        chosen.new_lead(**every),
        chosen.new_lead(industrycode=6, donotemail=True, new_interests="3", jobtitle="7"),
        chosen.new_lead(industrycode=33, donotemail=True, new_interests="1"),
    ]
    visit = chosen.visit(leads[0])
    chosen.app.client.send(Request("PATCH", f"lgate_leadinteractions({visit})", body={"new_channel": 7}))
    chosen.work(*leads)
    assert [chosen.scores(lead)["Industry"]["lgate_score"] for lead in leads] == [1_111_111, 100_000, 100_100]


def test_applying_a_file_with_labels_again_writes_nothing(chosen: World, tmp_path: Path) -> None:
    definitions = written(tmp_path, BY_LABELS)
    apply_definitions(chosen.app.client, definitions)
    before = chosen.writes()
    assert apply_definitions(chosen.app.client, definitions) == [("model", "Industry", False)]
    assert chosen.writes() == before
    draft = read_model(chosen.app.client, "Industry")
    assert draft is not None
    assert draft.definition["entry"]["value"] == [1, 2]


def test_a_label_that_is_none_is_refused_at_its_line_and_nothing_is_written(chosen: World, tmp_path: Path) -> None:
    definitions = written(tmp_path, WRONG)
    before = chosen.writes()
    with pytest.raises(FileError) as refused:
        apply_definitions(chosen.app.client, definitions)
    assert chosen.writes() == before
    first, second = refused.value.problems
    assert (first.line, first.column) == (7, 70)
    assert first.message.startswith(
        "groups[0].when.value: 'Consultancy' is no option of lead.industrycode: there is 1 'Accounting', 2 "
    )
    assert "7 'Consulting'" in first.message
    assert (second.line, second.column) == (12, 70)
    assert second.message == (
        "groups[1].when.any[0].value[1]: 'Chess' is the label of several options of lead.new_interests: "
        "write 3 and 4 instead, whichever is meant"
    )


def test_a_model_that_is_no_file_is_refused_by_its_name(chosen: World) -> None:
    group = {"name": "g", "points": 1, "when": {"column": "statuscode", "op": "eq", "value": "Hot"}}
    model = parse_model({"model": "M", "groups": [group]})
    with pytest.raises(PublicationError, match=r"^M: groups\[0\].when.value: 'Hot' is no option of lead.statuscode"):
        apply_definitions(chosen.app.client, Definitions((model,), ()))


def test_no_metadata_is_read_for_a_model_without_text(chosen: World) -> None:
    apply_definitions(chosen.app.client, Definitions((parse_model(FIT),), ()))
    assert (
        "GET",
        "EntityDefinitions",
    ) in chosen.emulator.requests  # from provisioning: the count below means something
    before = chosen.emulator.requests["GET", "EntityDefinitions"]
    apply_definitions(chosen.app.client, Definitions((parse_model(FIT),), ()))
    assert chosen.emulator.requests["GET", "EntityDefinitions"] == before


def test_a_column_that_is_not_there_is_left_to_publishing(chosen: World) -> None:
    columns = ["nothing", "jobtitle.x", "ownerid.name", "parentaccountid.nothing"]
    when = {"any": [{"column": column, "op": "eq", "value": "Hot"} for column in columns]}
    rows = {"table": "nothing", "lead": "x", "at": "y", "where": {"column": "z", "op": "eq", "value": "Hot"}}
    groups = [{"name": "g", "points": 1, "when": when}, {"name": "h", "points": 1, "interactions": rows}]
    model = parse_model({"model": "M", "groups": groups})
    assert apply_definitions(chosen.app.client, Definitions((model,), ())) == [("model", "M", True)]
    with pytest.raises(PublicationError, match=r"lead\.nothing does not exist"):
        chosen.publisher().publish_model("M")


def test_a_label_that_somebody_wrote_into_a_row_is_refused_when_it_is_published(chosen: World) -> None:
    value = {"column": "new_interests", "op": "contain-values", "value": 1}
    apply_definitions(
        chosen.app.client,
        Definitions((parse_model({"model": "M", "groups": [{"name": "g", "points": 1, "when": value}]}),), ()),
    )
    (condition,) = chosen.app.client.rows(query(ScoringCondition.SET, select=[ScoringCondition.ID]))
    path = f"{ScoringCondition.SET}({condition[ScoringCondition.ID]})"
    chosen.app.client.send(Request("PATCH", path, body={ScoringCondition.VALUE: "Sport"}))
    with pytest.raises(PublicationError, match=r"lead\.new_interests is of type MultiSelectPicklist: the value"):
        chosen.publisher().publish_model("M")
