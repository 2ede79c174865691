"""Drives Microsoft's Dataverse client, unchanged: one order per line of stdin, as JSON, one report per line of stdout.

To be started with `python -I -S`: nothing can be imported then but the standard library and the folder that the first
line names. An order is a batch, or a chain of calls (method, arguments, options), each made on what the one before it
returned. A warning is an error here.
"""

import contextlib
import dataclasses
import enum
import json
import sys
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import reduce
from operator import attrgetter
from typing import Any


def main() -> None:
    """Connect as the first line says, then do as the others say until there are no more."""
    connection = json.loads(sys.stdin.readline())
    sys.path.append(connection["folder"])
    reports = sys.stdout
    with contextlib.redirect_stdout(sys.stderr), connected(connection) as client:
        warnings.simplefilter("error")
        for line in sys.stdin:
            print(json.dumps(report(client, json.loads(line))), file=reports, flush=True)


def connected(connection: Mapping[str, str]) -> Any:
    """The client, with Azure's own credential for an application and its secret."""
    from azure.identity import ClientSecretCredential  # noqa: PLC0415  stdin has only now said where it is
    from PowerPlatform.Dataverse.client import DataverseClient  # noqa: PLC0415  as above

    credential = ClientSecretCredential(
        connection["tenant_id"],
        connection["client_id"],
        connection["client_secret"],
        authority=connection["authority"],
        disable_instance_discovery=True,
    )
    return DataverseClient(connection["url"], credential)


def report(client: Any, order: Mapping[str, Any]) -> dict[str, Any]:
    """What was returned, or the kind of error with its message, and the status and code if the service gave them."""
    try:
        returned = batch(client, order["batch"], order["options"]) if "batch" in order else call(client, order["chain"])
        return {"returned": as_json(returned)}
    except Exception as error:  # noqa: BLE001  whatever Microsoft's client raises is what the test asked for
        code = getattr(error, "details", {}).get("service_error_code")
        return {
            "raised": type(error).__name__,
            "message": str(error),
            "status": getattr(error, "status_code", None),
            "code": code,
        }


def call(client: Any, chain: Iterable[tuple[str, Sequence[Any], Mapping[str, Any]]]) -> Any:
    """What the last call of the chain returned."""
    return reduce(lambda held, each: method(held, each[0])(*map(argument, each[1]), **named(each[2])), chain, client)


def batch(client: Any, parts: Iterable[Any], options: Mapping[str, Any]) -> Any:
    """The result of a batch; a part is a call, or the list of calls that are a changeset."""
    new = client.batch.new()
    for part in parts:
        if isinstance(part[0], str):
            call(new, [part])
        else:
            with new.changeset() as changeset:
                for each in part:
                    call(changeset, [each])
    return new.execute(**options)


def method(holder: Any, path: str) -> Callable[..., Any]:
    """The method that a path such as "records.create" names."""
    found = attrgetter(path)(holder)
    assert callable(found)
    return found


def named(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Keyword arguments."""
    return {name: argument(value) for name, value in arguments.items()}


def argument(value: Any) -> Any:
    """A value: `{"$choice": {"RED": 1}}` is an enumeration, `{"$where": [column, method, value]}` a condition."""
    if not isinstance(value, dict):
        return value
    if "$choice" in value:
        return enum.IntEnum("Choice", value["$choice"])
    if "$where" in value:
        from PowerPlatform.Dataverse.models import col  # noqa: PLC0415  as above

        column, operator, *operands = value["$where"]
        return getattr(col(column), operator)(*operands)
    return named(value)


def as_json(value: Any) -> Any:
    """Rows as objects, pages and other lists as lists, other values by their fields."""
    if value is None or isinstance(value, str | int | float):
        return value
    if dataclasses.is_dataclass(value) and not hasattr(value, "keys"):
        return {field.name: as_json(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if hasattr(value, "keys"):
        return {str(key): as_json(value[key]) for key in value.keys()}  # noqa: SIM118  a Record is no Mapping
    return [as_json(item) for item in value]


if __name__ == "__main__":
    main()
