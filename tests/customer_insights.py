"""Customer Insights - Journeys as far as its scores go, installed into an emulated environment for tests.

Tables and columns as dataverse.md 1.3 has them; the emulator's environment is one without Customer Insights.
"""

from uuid import UUID, uuid4

from dataverse import create, query, update
from dataverse.column_definitions import choice_column, integer_column, string_column
from dataverse.definitions import lookup_relationship, table_definition
from dataverse.labels import Labels
from dataverse.odata import eq
from tests.world import World

MODELS, SCORES = "msdynmkt_entityscoringmodels", "msdyncrm_leadscore_v2s"
OBSOLETE, UP_TO_DATE, ERROR = 533240000, 533240002, 533240003
_MERGED_ALONG = {"Merge": "Cascade"}


def say(text: str) -> Labels:
    return {1033: text}


def install(world: World) -> None:
    """The tables of scoring models and of lead scores."""
    send = world.app.client.send
    for number, prefix in enumerate(("msdyncrm", "msdynmkt")):
        send(create("publishers", _publisher(prefix, number)))
        (publisher,) = world.app.client.rows(
            query("publishers", select=["publisherid"], filter=eq("uniquename", prefix))
        )
        bound = {"publisherid@odata.bind": f"/publishers({publisher['publisherid']})"}
        send(create("solutions", {"uniquename": prefix, "friendlyname": prefix, "version": "1.0.0.0", **bound}))
    send(
        table_definition(
            "msdynmkt_entityscoringmodel",
            say("Scoring model"),
            say("Scoring models"),
            ownership="UserOwned",
            primary_name=string_column("msdynmkt_name", say("Name"), max_length=100, is_primary_name=True),
            solution="msdynmkt",
        )
    )
    statuses = {OBSOLETE: "Obsolete", 533240001: "In progress", UP_TO_DATE: "Up to date", ERROR: "Error"}
    send(
        table_definition(
            "msdyncrm_leadscore_v2",
            say("Lead score"),
            say("Lead scores"),
            ownership="UserOwned",
            primary_name=string_column("msdyncrm_name", say("Name"), max_length=100, is_primary_name=True),
            columns=[
                integer_column("msdyncrm_score", say("Score")),
                choice_column(
                    "msdyncrm_scorestatus",
                    say("Status"),
                    options={value: say(text) for value, text in statuses.items()},
                ),
            ],
            change_tracking=True,
            solution="msdyncrm",
        )
    )
    for column, target in (("msdyncrm_lead", "lead"), ("msdynmkt_entityscoringmodelid", "msdynmkt_entityscoringmodel")):
        send(
            lookup_relationship(
                f"{column}_msdyncrm_leadscore_v2",
                referenced=target,
                referencing="msdyncrm_leadscore_v2",
                lookup_schema_name=column,
                solution=column.partition("_")[0],
                labels=say(column),
                cascade=_MERGED_ALONG if target == "lead" else {},
            )
        )


def _publisher(prefix: str, number: int) -> dict[str, object]:
    return {
        "uniquename": prefix,
        "friendlyname": prefix,
        "customizationprefix": prefix,
        "customizationoptionvalueprefix": 53324 + number,
    }


def new_model(world: World, name: str) -> UUID:
    """A model of Customer Insights; a new version of one is a row of the same name."""
    model = uuid4()
    row = {"msdynmkt_entityscoringmodelid": str(model), "msdynmkt_name": name}
    world.app.client.send(create(MODELS, row, id_column="msdynmkt_entityscoringmodelid"))
    return model


def new_score(world: World, lead: UUID, model: UUID, score: int | None, *, status: int = UP_TO_DATE) -> UUID:
    """What Customer Insights computed of a lead."""
    row_id = uuid4()
    row = {
        "msdyncrm_leadscore_v2id": str(row_id),
        "msdyncrm_score": score,
        "msdyncrm_scorestatus": status,
        "msdyncrm_lead@odata.bind": f"/leads({lead})",
        "msdynmkt_entityscoringmodelid@odata.bind": f"/{MODELS}({model})",
    }
    world.app.client.send(create(SCORES, row, id_column="msdyncrm_leadscore_v2id"))
    return row_id


def rescore(world: World, row_id: UUID, score: int) -> None:
    """Customer Insights computed it anew."""
    world.app.client.send(update(SCORES, str(row_id), {"msdyncrm_score": score}, etag="*"))
