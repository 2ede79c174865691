"""Serves leads and accounts with odatapy on loopback until stdin ends; says on stdout where, as JSON.

To be started with `python -I -S FOLDER`: nothing can be imported then but the standard library and that folder. One
service per form of next link that OData allows, each with rows of its own, below the path that Dataverse uses.
"""

import json
import sys
import threading
from collections.abc import Callable, Iterable
from socketserver import ThreadingMixIn
from typing import Any
from urllib.parse import urlsplit
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

sys.path.append(sys.argv[1])

from odatapy.edm import csdl
from odatapy.server import OData
from odatapy.server.adapters import ODataWSGIApp
from odatapy.server.inmemory import InMemoryDataStore, InMemoryProcessor
from odatapy.server.processor import CustomETagSupport

ROOT = "/api/data/v9.2"
NAMESPACE = "Microsoft.Dynamics.CRM"
LEAD_COLUMNS = {
    "lastname": "Edm.String",
    "jobtitle": "Edm.String",
    "donotemail": "Edm.Boolean",
    "numberofemployees": "Edm.Int32",
    "revenue": "Edm.Decimal",
    "createdon": "Edm.DateTimeOffset",
    "campaignid": "Edm.Guid",
}
# From the absolute link that odatapy sends to the other forms of OData 4.0 (JSON format, 4.5.5 and 4.3).
LINK_FORMS: dict[str, Callable[[str], str]] = {
    "absolute": lambda link: link,
    "absolute path": lambda link: link.removeprefix("{0.scheme}://{0.netloc}".format(urlsplit(link))),
    "relative path": lambda link: link.partition(f"{ROOT}/")[2],
    "query alone": lambda link: f"?{urlsplit(link).query}",
}


class Model(csdl.CsdlAbstractEdmProvider):
    """Two tables as Dataverse shows them, with the lookup from one to the other."""

    def get_schemas(self) -> list[csdl.CsdlSchema]:
        """The tables, their sets, and where the lookup leads."""
        lead = table("lead", LEAD_COLUMNS)
        lead.navigation_properties = [csdl.CsdlNavigationProperty(name="parentaccountid", type=f"{NAMESPACE}.account")]
        to_accounts = csdl.CsdlNavigationPropertyBinding(path="parentaccountid", target="accounts")
        sets = [
            csdl.CsdlEntitySet(name="leads", type=f"{NAMESPACE}.lead", navigation_property_bindings=[to_accounts]),
            csdl.CsdlEntitySet(name="accounts", type=f"{NAMESPACE}.account"),
        ]
        container = csdl.CsdlEntityContainer(name="System", entity_sets=sets)
        types = [lead, table("account", {"name": "Edm.String"})]
        return [csdl.CsdlSchema(namespace=NAMESPACE, entity_types=types, entity_container=container)]


class Processor(InMemoryProcessor, CustomETagSupport):
    """odatapy's own processor; leads have ETags, accounts have none."""

    def __init__(self, store: InMemoryDataStore, link_form: Callable[[str], str]) -> None:
        """Keep how a next link is to be written."""
        super().__init__(store)
        self._link_form = link_form

    def has_etag(self, entity_set_or_singleton: Any) -> bool:
        """Whether changes must be guarded."""
        return bool(entity_set_or_singleton.name == "leads")

    def _next_link(self, request: Any, skiptoken: str) -> str:
        return self._link_form(super()._next_link(request, skiptoken))


class ThreadedServer(ThreadingMixIn, WSGIServer):
    """A thread per connection."""

    daemon_threads = True


class Quiet(WSGIRequestHandler):
    """Logs nothing."""

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  the standard library's own name
        """Stay silent."""


def table(name: str, columns: dict[str, str]) -> csdl.CsdlEntityType:
    """A type whose key is the id column that Dataverse would give it."""
    key = f"{name}id"
    properties = [csdl.CsdlProperty(name=key, type="Edm.Guid", nullable=False)]
    properties += [
        csdl.CsdlProperty(name=column, type=kind, scale=4 if kind == "Edm.Decimal" else None)
        for column, kind in columns.items()
    ]
    return csdl.CsdlEntityType(name=name, key=[csdl.CsdlPropertyRef(name=key)], properties=properties)


def service(link_form: Callable[[str], str]) -> Callable[[dict[str, Any], Any], Iterable[bytes]]:
    """A WSGI application without rows."""
    odata = OData.new_instance(strict_deserialization=True)
    handler = odata.create_handler(odata.create_service_metadata(Model()))
    handler.register(Processor(InMemoryDataStore(), link_form))
    return ODataWSGIApp(handler, mount_path=ROOT)


def main() -> None:
    """Serve every form on a port of its own."""
    urls = {}
    for name, form in LINK_FORMS.items():
        server = make_server("127.0.0.1", 0, service(form), server_class=ThreadedServer, handler_class=Quiet)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        urls[name] = f"http://127.0.0.1:{server.server_port}"
    print(json.dumps(urls), flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
