"""The first rows of a new environment: organisation, business unit, caller, currency, default publisher, messages."""

from collections.abc import Callable, Mapping
from contextlib import closing
from datetime import datetime
from functools import cache
from uuid import UUID, uuid4, uuid5

from emulator.web_api.catalogue import Catalogue
from emulator.web_api.database import Database, SqlValue
from emulator.web_api.environment import Environment
from emulator.web_api.metadata import MERGEABLE_TABLES, Metadata, Table
from emulator.web_api.rows import Rows
from emulator.web_api.standard_tables import standard_tables
from emulator.web_api.values import moment

_BULK_MESSAGES = ("CreateMultiple", "UpdateMultiple", "UpsertMultiple")
_MESSAGES = ("Create", "Update", "Delete", *_BULK_MESSAGES, "Assign", "Merge", "SetState", "QualifyLead")
_FILTERED_MESSAGES = ("Create", "Update", "Delete", *_BULK_MESSAGES)
_LANGUAGE = 1033


def open_environment(database: Database, clock: Callable[[], datetime], organization_id: UUID | None) -> Environment:
    """The environment stored in the database, made first if the database is new."""
    is_new = not database.execute("SELECT 1 FROM _setting WHERE name = 'seeded'")
    if is_new:
        database.restore(_standard_database())
    organization = UUID(database.setting("organization_id", str(organization_id or uuid4())))
    rows, catalogue = Rows(database), Catalogue(database)
    environment = Environment(
        database=database,
        rows=rows,
        catalogue=catalogue,
        clock=clock,
        metadata=Metadata(standard_tables()) if is_new else catalogue.read(),
        organization_id=organization,
        user_id=uuid5(organization, "user"),
        business_unit_id=uuid5(organization, "business unit"),
        currency_id=uuid5(organization, "currency"),
    )
    if is_new:
        with database.transaction():
            _seed(environment)
            database.setting("seeded", "yes")
    return environment


@cache
def _standard_database() -> bytes:
    """The standard tables in a database without rows: copying them is far cheaper than making them."""
    with closing(Database()) as database:
        catalogue = Catalogue(database)
        with database.transaction():
            for table in standard_tables():
                catalogue.add_table(table)
        return database.snapshot()


def add_message_filters(environment: Environment, table: Table) -> None:
    """List the table's messages, as creating a table does: what steps can be on, and which bulk messages it has."""
    merging = ("Merge",) if table.logical_name in MERGEABLE_TABLES else ()
    for message in (*_FILTERED_MESSAGES, *merging):
        _insert(
            environment,
            "sdkmessagefilter",
            uuid5(environment.organization_id, f"filter {message} {table.logical_name}"),
            sdkmessageid=str(_message_id(environment, message)),
            primaryobjecttypecode=table.logical_name,
            secondaryobjecttypecode="none",
            iscustomprocessingstepallowed=1,
        )


def seed_organization(environment: Environment) -> None:
    """Make the organisation with its currency, root business unit, caller and team."""
    organization, currency = str(environment.organization_id), str(environment.currency_id)
    unit, user = str(environment.business_unit_id), str(environment.user_id)
    euro: dict[str, SqlValue] = {"currencyname": "Euro", "isocurrencycode": "EUR", "currencysymbol": "€"}
    state: dict[str, SqlValue] = {"statecode": 0, "statuscode": 1}
    _insert(environment, "transactioncurrency", currency, currencyprecision=2, exchangerate=1.0, **euro, **state)
    names: dict[str, SqlValue] = {"name": "Emulated organization", "languagecode": _LANGUAGE, "localeid": _LANGUAGE}
    settings: dict[str, SqlValue] = {**names, "expirechangetrackingindays": 7}
    _insert(environment, "organization", organization, **settings, basecurrencyid=currency, basecurrencysymbol="€")
    _insert(environment, "businessunit", unit, name="Emulated organization", isdisabled=0, organizationid=organization)
    person: dict[str, SqlValue] = {"firstname": "Emulated", "lastname": "Caller", "fullname": "Emulated Caller"}
    belongs: dict[str, SqlValue] = {"businessunitid": unit, "organizationid": organization, "isdisabled": 0}
    _insert(environment, "systemuser", user, domainname="caller@example.org", **person, **belongs)
    team: dict[str, SqlValue] = {
        "name": "Emulated organization",
        "teamtype": 0,
        "isdefault": 1,
        "administratorid": user,
    }
    _insert(environment, "team", uuid5(environment.organization_id, "team"), businessunitid=unit, **team)


def _seed(environment: Environment) -> None:
    seed_organization(environment)
    _seed_customisation(environment)
    for message in _MESSAGES:
        _insert(environment, "sdkmessage", _message_id(environment, message), name=message)
    for table in environment.metadata.tables.values():
        add_message_filters(environment, table)


def _seed_customisation(environment: Environment) -> None:
    publisher = _insert(
        environment,
        "publisher",
        uuid5(environment.organization_id, "publisher"),
        uniquename="DefaultPublisherEmulated",
        friendlyname="Default publisher",
        customizationprefix="new",
        customizationoptionvalueprefix=10000,
    )
    _insert(
        environment,
        "solution",
        uuid5(environment.organization_id, "solution"),
        uniquename="Default",
        friendlyname="Default Solution",
        version="1.0",
        ismanaged=0,
        isvisible=1,
        publisherid=publisher,
    )


def _message_id(environment: Environment, message: str) -> UUID:
    return uuid5(environment.organization_id, f"message {message}")


def _insert(environment: Environment, table_name: str, row_id: UUID | str, **values: SqlValue) -> str:
    table = environment.metadata.table(table_name)
    now, user = moment(environment.clock()), str(environment.user_id)
    audit: Mapping[str, SqlValue] = {"createdon": now, "modifiedon": now, "createdby": user, "modifiedby": user}
    environment.rows.insert(table, {table.primary_id: str(row_id), **values, **audit})
    return str(row_id)
