"""Runs a function app under Microsoft's own worker code: what to do as JSON on stdin, what came of it on stdout.

To be started with `python -I -S`: nothing can be imported then but the folders that stdin names, the app's own last, as
on Azure. Indexing and loading go through the handlers that answer the host's requests, invocation through the native
entry, which takes values instead of gRPC messages.
"""

import asyncio
import contextlib
import json
import os
import sys
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any


class Message(SimpleNamespace):
    """Any message between host and worker: the fields it was made with."""


class StatusResult(Message):
    """Numbers of FunctionRpc.proto."""

    Failure = 0
    Success = 1


class BindingInfo(Message):
    """Numbers of FunctionRpc.proto: directions, and the data type that was left open."""

    out = 1
    inout = 2
    undefined = 0


PROTOS = SimpleNamespace(
    StatusResult=StatusResult,
    BindingInfo=BindingInfo,
    FunctionEnvironmentReloadResponse=Message,
    FunctionLoadResponse=Message,
    FunctionMetadataResponse=Message,
    RpcException=Message,
    RpcFunctionMetadata=Message,
    WorkerInitResponse=Message,
    WorkerMetadata=Message,
)


def main() -> None:
    """One run. The environment is empty until the app is indexed, but for a specialised worker, as the host has it."""
    order = json.load(sys.stdin)
    os.environ.clear()
    sys.path += order["path"]
    with contextlib.redirect_stdout(sys.stderr):
        report = asyncio.run(run(order))
    json.dump(report, sys.stdout)


async def run(order: Mapping[str, Any]) -> dict[str, Any]:
    """Index, load, call: the functions as they were reported and an answer per call, or why the app was refused."""
    import azure_functions_runtime as worker  # noqa: PLC0415  stdin has only now said where it is

    indexed = await (specialise if order["specialised"] else start)(worker, order)
    if indexed.result.status != StatusResult.Success:
        return {"refused": indexed.result.exception.message, "functions": {}, "answers": []}
    metadata = await worker.functions_metadata_request(None)
    functions = {each.name: each for each in metadata.function_metadata_results or ()}
    for each in functions.values():
        loaded = await worker.function_load_request(asked(function_load_request=Message(function_id=each.function_id)))
        if loaded.result.status != StatusResult.Success:
            return {"refused": loaded.result.exception.message, "functions": {}, "answers": []}
    os.environ.update(order["settings"])
    worker.start_threadpool_executor()
    answers = [await invoke(functions[call["function"]].function_id, call) for call in order["calls"]]
    worker.stop_threadpool_executor()
    reported = {name: [json.loads(binding) for binding in each.raw_bindings] for name, each in functions.items()}
    return {"refused": None, "functions": reported, "answers": answers}


async def start(worker: Any, order: Mapping[str, Any]) -> Any:
    """A worker that is started for this app, without any setting."""
    sys.path.append(order["directory"])
    init = Message(capabilities={}, function_app_directory=order["directory"])
    return await worker.worker_init_request(asked(worker_init_request=init))


async def specialise(worker: Any, order: Mapping[str, Any]) -> Any:
    """A worker that ran already, for no app, and is handed one with its settings: the Consumption plan."""
    nothing = Message(capabilities={}, function_app_directory=order["placeholder"])
    started = await worker.worker_init_request(asked(worker_init_request=nothing))
    if started.result.status != StatusResult.Success:
        return started
    reload = Message(function_app_directory=order["directory"], environment_variables=order["settings"])
    return await worker.function_environment_reload_request(asked(function_environment_reload_request=reload))


def asked(**request: Message) -> Message:
    """A request as the process around the worker code hands it over."""
    return Message(request=Message(**request), properties={"host": "127.0.0.1", "protos": PROTOS})


async def invoke(function_id: str, call: Mapping[str, Any]) -> dict[str, Any]:
    """Call a function with an HTTP request or a queue message: its status if it answers, the error if it fails."""
    from azure_functions_runtime.native_invocation import invocation_request_native  # noqa: PLC0415  as above

    values, metadata = http_values(call) if "headers" in call else queue_values(call)
    ok, returned, _, error, _ = await invocation_request_native(
        "11111111-1111-1111-1111-111111111111", function_id, [(call["argument"], values)], metadata
    )
    status = int(returned.value["status_code"].value) if returned is not None and returned.type == "http" else None
    return {"ok": ok, "status": status, "error": error}


def http_values(call: Mapping[str, Any]) -> tuple[Any, dict[str, Any]]:
    """A POST as the host passes it on: header names in lower case, the body as bytes."""
    headers = {name.lower(): datum(text) for name, text in call["headers"].items()}
    request = {
        "method": datum("POST"),
        "url": datum(call["url"]),
        "headers": headers,
        "body": datum(call["body"].encode(), "bytes"),
        "params": {},
        "query": {},
    }
    return datum(request, "http"), {}


def queue_values(call: Mapping[str, Any]) -> tuple[Any, dict[str, Any]]:
    """A message that is delivered for the first time, decoded from base64, and what the host says of it."""
    metadata = {
        "Id": datum("22222222-2222-2222-2222-222222222222"),
        "DequeueCount": datum("1", "json"),
        "ExpirationTime": datum('"9999-12-31T23:59:59+00:00"', "json"),
        "InsertionTime": datum('"2026-03-02T09:00:00+00:00"', "json"),
        "NextVisibleTime": datum('"2026-03-02T09:10:00+00:00"', "json"),
        "PopReceipt": datum("receipt"),
    }
    return datum(call["text"]), metadata


def datum(value: object, kind: str = "string") -> Any:
    """A value on its way between host and function."""
    from azure_functions_runtime.bindings.datumdef import Datum  # noqa: PLC0415  as above

    return Datum(value, kind)


if __name__ == "__main__":
    main()
