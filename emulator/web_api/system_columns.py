"""The columns that Dataverse gives every table: id, state and status, owner, audit; and their relationships."""

from collections.abc import Callable, Iterable
from uuid import UUID

from emulator.web_api.definitions import Definition, column, label, option, option_set, relationship

MakeId = Callable[[str], UUID]
States = Iterable[tuple[int, str, int]]
Statuses = Iterable[tuple[int, str, int]]

ACTIVE_INACTIVE: States = ((0, "Active", 1), (1, "Inactive", 2))
ACTIVE_INACTIVE_STATUSES: Statuses = ((1, "Active", 0), (2, "Inactive", 1))

_READ_ONLY = {"IsValidForCreate": False, "IsValidForUpdate": False}
_AUDIT_COLUMNS = (("CreatedOn", "DateTime"), ("ModifiedOn", "DateTime"), ("VersionNumber", "BigInt"))
_AUDIT_USERS = ("CreatedBy", "ModifiedBy", "CreatedOnBehalfBy", "ModifiedOnBehalfBy")
_OWNER_LOOKUPS = (("OwningUser", "systemuser"), ("OwningTeam", "team"), ("OwningBusinessUnit", "businessunit"))


def primary_id(table: str, schema_name: str, make_id: MakeId) -> Definition:
    """The id column: settable at create, never afterwards."""
    return column(
        table, schema_name, "Uniqueidentifier", make_id(schema_name), IsPrimaryId=True, IsValidForUpdate=False
    )


def state_columns(table: str, states: States, statuses: Statuses, make_id: MakeId) -> list[Definition]:
    """statecode, which create ignores, and statuscode; each state names its default status, each status its state."""
    state_options = (
        option(value, label(text), DefaultStatus=default, InvariantName=text) for value, text, default in states
    )
    status_options = (option(value, label(text), State=state, TransitionData=None) for value, text, state in statuses)
    state_set = option_set("State", state_options)
    status_set = option_set("Status", status_options)
    return [
        column(table, "statecode", "State", make_id("statecode"), OptionSet=state_set, IsValidForCreate=False),
        column(table, "statuscode", "Status", make_id("statuscode"), OptionSet=status_set),
    ]


def audit_columns(table: str, make_id: MakeId) -> list[Definition]:
    """createdon, modifiedon, versionnumber, who did it, and overriddencreatedon, which only create takes."""
    plain = [column(table, name, kind, make_id(name), **_READ_ONLY) for name, kind in _AUDIT_COLUMNS]
    users = [
        column(table, name, "Lookup", make_id(name), Targets=["systemuser"], **_READ_ONLY) for name in _AUDIT_USERS
    ]
    overridden = column(
        table, "OverriddenCreatedOn", "DateTime", make_id("OverriddenCreatedOn"), IsValidForUpdate=False
    )
    return [*plain, *users, overridden]


def owner_columns(table: str, make_id: MakeId) -> list[Definition]:
    """ownerid, and the three read-only lookups that follow from it."""
    derived = [
        column(table, name, "Lookup", make_id(name), Targets=[target], **_READ_ONLY) for name, target in _OWNER_LOOKUPS
    ]
    return [column(table, "OwnerId", "Owner", make_id("OwnerId")), *derived]


def system_relationships(table: str, columns: Iterable[Definition], make_id: MakeId) -> list[Definition]:
    """The N:1 relationships behind the audit and owner columns; `ownerid`, of two tables, is bound by its own rule."""
    targets = {name.lower(): "systemuser" for name in _AUDIT_USERS} | {name.lower(): to for name, to in _OWNER_LOOKUPS}
    present = [definition["LogicalName"] for definition in columns if definition["LogicalName"] in targets]
    return [
        relationship(
            f"{targets[name]}_{table}_{name}",
            make_id(f"relationship {name}"),
            targets[name],
            table,
            name,
            CascadeConfiguration={"Delete": "NoCascade"},
        )
        for name in present
    ]
