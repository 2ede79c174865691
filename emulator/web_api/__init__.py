"""An emulated Dataverse Web API over SQLite: `Emulator.handle(Request) -> Response`, without framework or socket."""

from emulator.web_api.emulator import Emulator, utc_now
from emulator.web_api.events import Endpoint, Reference, RowEvent, Step, StepImage
from emulator.web_api.http import Headers, Request, Response
from emulator.web_api.metadata import Column, Metadata, Option, Relationship, Table

__all__ = [
    "Column",
    "Emulator",
    "Endpoint",
    "Headers",
    "Metadata",
    "Option",
    "Reference",
    "Relationship",
    "Request",
    "Response",
    "RowEvent",
    "Step",
    "StepImage",
    "Table",
    "utc_now",
]
