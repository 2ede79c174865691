"""Columns that follow from others: audit, owner, full name, base currency."""

from uuid import UUID

from emulator.web_api.catalogue import target_column
from emulator.web_api.database import SqlValue
from emulator.web_api.environment import Environment
from emulator.web_api.metadata import Table
from emulator.web_api.rows import Row
from emulator.web_api.state_rules import initial_state
from emulator.web_api.values import moment

_NAMES = frozenset({"firstname", "lastname"})


def new_row(environment: Environment, table: Table, row_id: UUID, submitted: Row) -> Row:
    """The row a create stores: the submitted columns over Dataverse's defaults."""
    defaults: Row = {
        name: column.default_value
        for name, column in table.columns.items()
        if column.default_value is not None and column.type in {"Boolean", "Picklist"}
    }
    row = {**defaults, **submitted, table.primary_id: str(row_id)}
    row |= initial_state(table, row)
    row |= _created(environment, table, submitted)
    if table.is_user_owned:
        row |= _owner(environment, row)
    return row | computed(environment, table, row, row)


def updated(environment: Environment, table: Table, before: Row, changes: Row) -> Row:
    """The changes an update stores: the submitted ones, what follows from them, and who did it when."""
    row = {**before, **changes}
    changes = {**changes, **computed(environment, table, row, changes)}
    if changes.get("ownerid") is not None:
        changes |= _owner(environment, changes)
    now = moment(environment.clock())
    audit: Row = {"modifiedon": now, "modifiedby": str(environment.user_id), "modifiedonbehalfby": None}
    return {**changes, **audit}


def computed(environment: Environment, table: Table, row: Row, changes: Row) -> Row:
    """fullname when a name changes; base values, rate and currency when a money column or the currency does."""
    result: Row = {}
    if "fullname" in table.columns and _NAMES & changes.keys():
        result["fullname"] = " ".join(str(row[name]) for name in ("firstname", "lastname") if row.get(name)) or None
    money = [name for name in table.columns if f"{name}_base" in table.columns]
    if money and any(name in changes for name in (*money, "transactioncurrencyid")):
        result |= _in_base_currency(environment, row, money)
    return result


def _in_base_currency(environment: Environment, row: Row, money: list[str]) -> Row:
    currency_id = row.get("transactioncurrencyid") or str(environment.currency_id)
    currency = environment.rows.find(environment.metadata.table("transactioncurrency"), str(currency_id))
    rate = float(currency["exchangerate"] or 1) if currency else 1.0
    base: Row = {f"{name}_base": _divided(row.get(name), rate) for name in money}
    return {"transactioncurrencyid": currency_id, "exchangerate": rate, **base}


def _divided(value: SqlValue, rate: float) -> SqlValue:
    return None if value is None else round(float(value) / rate, 4)


def _created(environment: Environment, table: Table, submitted: Row) -> Row:
    now, user = moment(environment.clock()), str(environment.user_id)
    migrated = submitted.get("overriddencreatedon") if "overriddencreatedon" in table.columns else None
    return {
        "createdon": migrated or now,
        "overriddencreatedon": now if migrated else None,
        "modifiedon": now,
        "createdby": user,
        "modifiedby": user,
    }


def _owner(environment: Environment, row: Row) -> Row:
    owner = row.get("ownerid") or str(environment.user_id)
    kind = str(row.get(target_column("ownerid")) or "systemuser")
    principal = environment.rows.find(environment.metadata.table(kind), str(owner)) or {}
    return {
        "ownerid": owner,
        target_column("ownerid"): kind,
        "owninguser": owner if kind == "systemuser" else None,
        "owningteam": owner if kind == "team" else None,
        "owningbusinessunit": principal.get("businessunitid") or str(environment.business_unit_id),
    }
