"""What happens to the rows that point at a row when it is deleted, assigned or merged: the relationships' cascades.

Children that follow an assignment or a merge, or lose a link, get a new version but raise no event: the platform
changes them below its pipeline.
"""

from emulator.web_api.catalogue import target_column
from emulator.web_api.environment import Environment
from emulator.web_api.errors import AssociatedRowsError
from emulator.web_api.metadata import Relationship, Table
from emulator.web_api.rows import Row

_OWNER_COLUMNS = ("ownerid", target_column("ownerid"), "owninguser", "owningteam", "owningbusinessunit")


def release_children(environment: Environment, table: Table, row_id: str) -> list[tuple[Table, str]]:
    """Refuse the delete (Restrict), unlink children (RemoveLink), and return those to delete with the row (Cascade)."""
    doomed: list[tuple[Table, str]] = []
    for relationship, child_table, child_ids in _children(environment, table, row_id):
        action = relationship.cascade.get("Delete", "RemoveLink")
        if action == "Restrict" and child_ids:
            raise AssociatedRowsError
        if action == "Cascade":
            doomed += [(child_table, child_id) for child_id in child_ids]
        if action == "RemoveLink":
            for child_id in child_ids:
                environment.rows.update(child_table, child_id, _unlinked(child_table, relationship))
    return doomed


def assign_children(environment: Environment, table: Table, row_id: str, owner: Row) -> None:
    """Give the children of parental relationships, and theirs, the row's new owner."""
    for relationship, child_table, child_ids in _children(environment, table, row_id):
        if relationship.cascade.get("Assign") == "Cascade" and child_table.is_user_owned:
            for child_id in child_ids:
                environment.rows.update(child_table, child_id, {name: owner[name] for name in _OWNER_COLUMNS})
                assign_children(environment, child_table, child_id, owner)


def move_children(environment: Environment, table: Table, row_id: str, new_id: str) -> None:
    """Point the rows of relationships with Merge: Cascade at the row that stays."""
    for relationship in environment.metadata.children(table.logical_name):
        if relationship.cascade.get("Merge") == "Cascade":
            child = environment.metadata.table(relationship.referencing)
            for child_id in environment.rows.ids_pointing_at(child, relationship.column, table.logical_name, row_id):
                environment.rows.update(child, child_id, {relationship.column: new_id})


def _children(environment: Environment, table: Table, row_id: str) -> list[tuple[Relationship, Table, list[str]]]:
    found = []
    for relationship in environment.metadata.children(table.logical_name):
        if relationship.cascade.get("Delete") != "NoCascade" or relationship.cascade.get("Assign") == "Cascade":
            child = environment.metadata.table(relationship.referencing)
            ids = environment.rows.ids_pointing_at(child, relationship.column, table.logical_name, row_id)
            found.append((relationship, child, ids))
    return found


def _unlinked(table: Table, relationship: Relationship) -> Row:
    lookup = relationship.column
    several = len(table.columns[lookup].targets) > 1
    return {lookup: None, **({target_column(lookup): None} if several else {})}
