"""docs/openapi.yaml is what the code answers, and what the code answers is in it."""

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

import function_app
from connector import intake, receive
from connector.intake import BODY_MAX_BYTES, SECRET_HEADER
from tests.security.bodies import BODIES, WHOLE
from tests.security.door import KNOWN, Door

FILE = Path(__file__).resolve().parents[2] / "docs" / "openapi.yaml"
DOCUMENT: dict[str, Any] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
ROW_CHANGED = DOCUMENT["paths"]["/api/row-changed"]["post"]
HEALTH = DOCUMENT["paths"]["/api/health"]["get"]


def documented(operation: Mapping[str, Any]) -> set[int]:
    return {int(status) for status in operation["responses"]}


def numbers(node: ast.AST) -> Iterator[int]:
    for each in ast.walk(node):
        if isinstance(each, ast.Constant) and type(each.value) is int and 100 <= each.value <= 599:
            yield each.value


def answered(module: Any, function: str) -> set[int]:
    """The statuses in what a function of the module returns, or refuses with."""
    tree = ast.parse(Path(module.__file__).read_text(encoding="utf-8"))
    (found,) = (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name == function)
    ends = [node for node in ast.walk(found) if isinstance(node, ast.Return)]
    return {number for end in ends for number in numbers(end)}


def test_every_status_that_the_code_can_answer_is_documented_and_the_reverse() -> None:
    refusals = ast.walk(ast.parse(Path(intake.__file__).read_text(encoding="utf-8")))
    calls = [node for node in refusals if isinstance(node, ast.Call) and ast.unparse(node.func) == "Refusal"]
    refused = {number for call in calls for number in numbers(call)}
    assert refused | answered(receive, "receive") | answered(receive, "_receive") | answered(
        receive, "_queue"
    ) == documented(ROW_CHANGED)
    assert answered(receive, "health_status") == documented(HEALTH)


def test_every_status_that_is_documented_can_be_met(door: Door) -> None:
    met = {body.status for body in BODIES.values()} | {door.post(WHOLE, {}).status_code}
    door.configure(webhook_secrets=())
    assert met | {door.post(WHOLE).status_code} == documented(ROW_CHANGED)


def test_the_doors_are_those_of_function_app() -> None:
    function_app.app.functions_bindings = {}  # the library takes a second reading for duplicates
    triggers = [function.get_trigger().get_dict_repr() for function in function_app.app.get_functions()]
    http = [trigger for trigger in triggers if trigger["type"] == "httpTrigger"]
    doors = {(f"/api/{trigger['route']}", str(method).lower()) for trigger in http for method in trigger["methods"]}
    assert doors == {(path, method) for path, operations in DOCUMENT["paths"].items() for method in operations}


def test_the_header_and_the_size_are_those_of_the_code() -> None:
    assert DOCUMENT["components"]["securitySchemes"]["secret"]["name"] == SECRET_HEADER
    assert ROW_CHANGED["security"] == [{"secret": []}]
    assert f"{BODY_MAX_BYTES:,} bytes" in ROW_CHANGED["requestBody"]["description"]
    assert f"{BODY_MAX_BYTES:,} bytes" in ROW_CHANGED["responses"]["413"]["description"]


@pytest.mark.parametrize("member", ["OrganizationId", "PrimaryEntityName", "PrimaryEntityId"])
def test_the_members_that_the_file_requires_are_those_that_the_code_requires(member: str, door: Door) -> None:
    schema = DOCUMENT["components"]["schemas"]["RemoteExecutionContext"]
    assert set(schema["required"]) == {"OrganizationId", "PrimaryEntityName", "PrimaryEntityId"}
    assert door.post(WHOLE.replace(f'"{member}"'.encode(), b'"Renamed"'), KNOWN).status_code == 400
