"""Unbound functions and actions: WhoAmI, languages, counts, publishing; longer ones have modules of their own."""

import re
from collections.abc import Callable, Mapping
from typing import Any
from xml.etree import ElementTree as ET

from emulator.web_api.alternate_keys import reactivate_key
from emulator.web_api.bulk_delete import bulk_delete
from emulator.web_api.environment import Call, Environment
from emulator.web_api.errors import BadRequestError, DefinitionNotFoundError, WebApiError
from emulator.web_api.http import Response
from emulator.web_api.merge import merge
from emulator.web_api.metadata_changes import retrieve_metadata_changes
from emulator.web_api.metadata_writes import create_entities
from emulator.web_api.option_values import insert_option, update_option
from emulator.web_api.payload import read_json
from emulator.web_api.representation import answer


def who_am_i(environment: Environment, call: Call) -> Response:
    """WhoAmI: the caller, its business unit and the organisation."""
    ids = {
        "BusinessUnitId": environment.business_unit_id,
        "UserId": environment.user_id,
        "OrganizationId": environment.organization_id,
    }
    return _result(call, "WhoAmIResponse", {name: str(value) for name, value in ids.items()})


def provisioned_languages(environment: Environment, call: Call) -> Response:
    """RetrieveProvisionedLanguages: the base language alone."""
    languages = {"RetrieveProvisionedLanguages": [environment.language]}
    return _result(call, "RetrieveProvisionedLanguagesResponse", languages)


def total_record_count(environment: Environment, call: Call) -> Response:
    """RetrieveTotalRecordCount(EntityNames=[..]): the rows of each table, counted now and not from a daily snapshot."""
    found = re.fullmatch(r"EntityNames=(\[.*\])", (call.address.segments[0].key or "").strip())
    names = [name.strip().strip("'\"") for name in found[1][1:-1].split(",")] if found else []
    if not names:
        raise BadRequestError("RetrieveTotalRecordCount takes EntityNames.", "0x80060888")
    counts = []
    for name in names:
        table = environment.metadata.find(name)
        if table is None:
            raise DefinitionNotFoundError("an entity", name)
        counts.append(environment.rows.count(table))
    collection = {"Count": len(names), "IsReadOnly": False, "Keys": names, "Values": counts}
    return _result(call, "RetrieveTotalRecordCountResponse", {"EntityRecordCountCollection": collection})


def publish_xml(environment: Environment, call: Call) -> Response:
    """PublishXml: checks that what it names exists; definitions are in force as soon as they are made."""
    parameter = read_json(call.request, "PublishXml").get("ParameterXml")
    try:
        # No entity expansion: expat refuses external ones, and what runs here is the developer's own file.
        root = ET.fromstring(str(parameter or ""))  # noqa: S314 - see above
    except ET.ParseError:
        raise BadRequestError("ParameterXml is not valid XML.") from None
    for element in root.iterfind("entities/entity"):
        if environment.metadata.find(element.text or "") is None:
            raise DefinitionNotFoundError("an entity", element.text or "")
    return answer(204)


def publish_all_xml(_environment: Environment, call: Call) -> Response:
    """PublishAllXml: wants a JSON body, if only `{}`."""
    if not call.request.body:
        raise WebApiError(411, "0x80060888", "A request to PublishAllXml needs a body: {}.")
    read_json(call.request, "PublishAllXml")
    return answer(204)


def _result(call: Call, response: str, members: Mapping[str, Any]) -> Response:
    return answer(200, {"@odata.context": call.url(f"$metadata#Microsoft.Dynamics.CRM.{response}"), **members})


Operation = Callable[[Environment, Call], Response]
FUNCTIONS: Mapping[str, Operation] = {
    "WhoAmI": who_am_i,
    "RetrieveProvisionedLanguages": provisioned_languages,
    "RetrieveTotalRecordCount": total_record_count,
    "RetrieveMetadataChanges": retrieve_metadata_changes,
}
TAKES_PARAMETERS = frozenset({"RetrieveTotalRecordCount", "RetrieveMetadataChanges"})
ACTIONS: Mapping[str, Operation] = {
    "PublishXml": publish_xml,
    "PublishAllXml": publish_all_xml,
    "InsertStatusValue": insert_option,
    "InsertOptionValue": insert_option,
    "UpdateOptionValue": update_option,
    "ReactivateEntityKey": reactivate_key,
    "CreateEntities": create_entities,
    "BulkDelete": bulk_delete,
    "Merge": merge,
}
