"""Which tables move a score, and by which lookups, follows from what live models read."""

import pytest

from connector.queries import InteractionQuery
from connector.reach import NOTHING_REACHED, Reach, reach_of, related_lookups
from connector.sources import LEADS, Source, other_sources
from dataverse.metadata import TableMetadata
from scoring import Needs, compile_model, parse_model

LOOKUPS = {
    "parentaccountid": ("account",),
    "parentcontactid": ("contact",),
    "customerid": ("account", "contact"),
    "masterid": ("lead",),
    "campaignid": ("campaign",),
}


def metadata(name: str, **lookups: tuple[str, ...]) -> TableMetadata:
    return TableMetadata(name, f"{name}s", f"{name}id", "name", {}, lookups, {})


LEAD = metadata("lead", **LOOKUPS)
TABLES = {name: metadata(name) for name in ("account", "contact", "campaign")}
VISITS = InteractionQuery("new_visit", "new_visits", "new_visitid", (), ("new_lead",), ("new_guest", "new_host"))


def needs(*columns: str) -> Needs:
    groups = [{"name": name, "points": 1, "when": {"column": name, "op": "not-null"}} for name in columns]
    return compile_model(parse_model({"model": "M", "groups": groups})).needs


def reach(*columns: str, interactions: tuple[InteractionQuery, ...] = ()) -> Reach:
    return reach_of(related_lookups([needs(*columns)], LEAD), TABLES, interactions)


def test_what_models_read_of_the_lead_alone_reaches_no_other_table() -> None:
    assert reach("jobtitle", "parentaccountid") == NOTHING_REACHED
    assert list(other_sources(NOTHING_REACHED)) == []


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        (["parentaccountid.name"], {"account": ("parentaccountid",)}),
        (["parentaccountid.name", "parentaccountid.revenue"], {"account": ("parentaccountid",)}),
        (["customerid.name"], {"account": ("customerid",), "contact": ("customerid",)}),
        (
            ["customerid.name", "parentcontactid.name"],
            {"account": ("customerid",), "contact": ("customerid", "parentcontactid")},
        ),
        (["masterid.name"], {}),
        (["nosuchlookup.name"], {}),
    ],
)
def test_tables_are_reached_by_every_lookup_that_some_model_reads_through(
    columns: list[str], expected: dict[str, tuple[str, ...]]
) -> None:
    assert related_lookups([needs(columns[0]), needs(*columns[1:], "jobtitle")], LEAD) == expected


def test_a_contact_is_on_leads_by_what_models_read_and_by_the_lookup_that_interactions_go_through() -> None:
    assert reach("customerid.name").lookups_to("contact") == ("customerid", "parentcontactid")
    assert NOTHING_REACHED.lookups_to("contact") == ("parentcontactid",)
    assert NOTHING_REACHED.lookups_to("account") == ()


def test_interactions_and_related_tables_are_covered_and_nothing_else() -> None:
    covered = reach("campaignid.name", interactions=(VISITS,))
    assert [covered.covers(table) for table in ("campaign", "new_visit", "account", "lead", "")] == [
        True,
        True,
        False,
        False,
        False,
    ]


def test_a_related_table_is_followed_by_its_ids_and_interactions_by_whom_they_point_at() -> None:
    assert list(other_sources(reach("parentaccountid.name", interactions=(VISITS,)))) == [
        Source("changes-account", "account", "accounts", "accountid", ("accountid",), {"account": ("accountid",)}),
        Source(
            "changes-new-visit",
            "new_visit",
            "new_visits",
            "new_visitid",
            ("new_visitid", "_new_lead_value", "_new_guest_value", "_new_host_value"),
            {"lead": ("_new_lead_value",), "contact": ("_new_guest_value", "_new_host_value")},
        ),
    ]


def test_a_table_of_both_kinds_is_one_source_of_both_ways() -> None:
    deals = InteractionQuery("campaign", "campaigns", "campaignid", (), ("new_lead",), ())
    (source,) = other_sources(reach("campaignid.name", interactions=(deals,)))
    assert source.columns == ("campaignid", "_new_lead_value")
    assert source.ways == {"lead": ("_new_lead_value",), "campaign": ("campaignid",)}


def test_interactions_of_a_contact_table_lead_to_contacts_once() -> None:
    guests = InteractionQuery("contact", "contacts", "contactid", (), (), ("new_host",))
    (source,) = other_sources(reach("parentcontactid.name", interactions=(guests,)))
    assert source.ways == {"contact": ("_new_host_value", "contactid")}


def test_leads_are_followed_once_and_with_the_lead_that_they_were_merged_into() -> None:
    assert LEADS.ways == {"lead": ("leadid", "_masterid_value")}
    ours = InteractionQuery("lead", "leads", "leadid", (), ("masterid",), ())
    assert list(other_sources(Reach({}, {"lead": ours}))) == []


def test_another_set_of_columns_has_another_hash_and_the_order_of_reading_is_part_of_it() -> None:
    sources = [*other_sources(reach("parentaccountid.name", "campaignid.name", interactions=(VISITS,))), LEADS]
    assert len({source.columns_hash for source in sources}) == len(sources)
    assert len({source.stream for source in sources}) == len(sources)
