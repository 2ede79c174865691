"""Which webhook registrations an event has to be delivered to."""

from collections.abc import Sequence
from uuid import UUID

from emulator.web_api.database import Database, SqlValue
from emulator.web_api.events import Endpoint, RowEvent, Step, StepImage
from emulator.web_api.table_rules import listed

PLUGIN_TABLES = frozenset(
    {"serviceendpoint", "sdkmessagefilter", "sdkmessageprocessingstep", "sdkmessageprocessingstepimage"}
)

_STEPS = """
SELECT s.sdkmessageprocessingstepid, s.name, s.mode, s.stage, s.filteringattributes, e.url, e.authtype, e.authvalue
FROM sdkmessageprocessingstep s
JOIN sdkmessage m ON m.sdkmessageid = s.sdkmessageid
JOIN serviceendpoint e ON e.serviceendpointid = s.eventhandler
LEFT JOIN sdkmessagefilter f ON f.sdkmessagefilterid = s.sdkmessagefilterid
WHERE s.statecode = 0 AND m.name = ? AND (s.sdkmessagefilterid IS NULL OR f.primaryobjecttypecode = ?)
ORDER BY s.rank, s.createdon, s.sdkmessageprocessingstepid
"""
_IMAGES = """
SELECT imagetype, name, entityalias, attributes FROM sdkmessageprocessingstepimage
WHERE sdkmessageprocessingstepid = ? ORDER BY createdon, sdkmessageprocessingstepimageid
"""
_Registration = tuple[Step, frozenset[str]]


class Registrations:
    """The enabled steps by message and table, read once and again after a change."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: dict[tuple[str, str], list[_Registration]] = {}

    def forget(self) -> None:
        """Read anew next time: a row of the plugin tables has changed."""
        self._known.clear()

    def steps_for(self, event: RowEvent) -> list[Step]:
        """The enabled steps, by rank, whose message, table and filtering attributes fit the event."""
        key = (event.message, event.table)
        if key not in self._known:
            self._known[key] = [self._registration(row) for row in self._database.execute(_STEPS, key)]
        changed = event.target.keys()
        return [step for step, attributes in self._known[key] if not attributes or attributes & changed]

    def _registration(self, row: Sequence[SqlValue]) -> _Registration:
        step_id, name, mode, stage, attributes, url, authtype, authvalue = row
        step = Step(
            step_id=UUID(str(step_id)),
            name=str(name or ""),
            endpoint=Endpoint(str(url), int(authtype or 0), str(authvalue or "")),
            images=tuple(_image(image) for image in self._database.execute(_IMAGES, (step_id,))),
            mode=int(mode or 0),
            stage=int(stage or 0),
        )
        return step, frozenset(listed(attributes))


def _image(row: Sequence[SqlValue]) -> StepImage:
    kind, name, alias, attributes = row
    return StepImage(int(kind or 0), str(name or ""), str(alias or ""), listed(attributes))
