"""Back to the rows of a new environment, in the definitions of now."""
# ruff: noqa: S608 - names in these statements come from the metadata, which checked them; values are parameters

from emulator.web_api.environment import Environment
from emulator.web_api.metadata import Table
from emulator.web_api.seed import seed_organization

# What belongs to definitions and registrations, and stays with them.
_KEPT = frozenset(
    {"publisher", "solution", "sdkmessage", "sdkmessagefilter", "serviceendpoint"}
    | {"sdkmessageprocessingstep", "sdkmessageprocessingstepimage"}
)


def reset_rows(environment: Environment) -> None:
    """Take all rows away and make the organisation, its unit, team, caller and currency anew."""
    for table in environment.metadata.tables.values():
        if table.logical_name not in _KEPT:
            _clear(environment, table)
    environment.database.execute("DELETE FROM _bulk_delete")
    seed_organization(environment)


def _clear(environment: Environment, table: Table) -> None:
    count = environment.rows.count(table)
    if table.tracks_changes and count:
        before = environment.database.next_values("versionnumber", count) - 1
        numbered = f'? + ROW_NUMBER() OVER (ORDER BY "{table.primary_id}")'
        tombstones = f'SELECT ?, {numbered}, "{table.primary_id}" FROM "{table.logical_name}"'
        environment.database.execute(f"INSERT INTO _deleted {tombstones}", (table.logical_name, before))
    environment.database.execute(f'DELETE FROM "{table.logical_name}"')
