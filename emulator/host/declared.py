"""A function app of the Python v2 programming model, read as declared: its functions and what triggers them."""

import importlib
import inspect
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, get_type_hints

import azure.functions as func

from emulator.host.environment import expanded
from emulator.host.errors import LoadError, RefusedError
from emulator.host.routes import Route, parse_route
from emulator.host.schedule import Schedule, parse

_KEYS = {
    "httpTrigger": {"authLevel", "methods", "route"},
    "queueTrigger": {"queueName", "connection"},
    "timerTrigger": {"schedule", "runOnStartup", "useMonitor"},
}
_ARGUMENTS: Mapping[str, type] = {
    "httpTrigger": func.HttpRequest,
    "queueTrigger": func.QueueMessage,
    "timerTrigger": func.TimerRequest,
}
_EVERY_BINDING = {"type", "name", "direction"}


@dataclass(frozen=True, slots=True)
class Function:
    """A function, and the argument under which it takes what triggered it."""

    name: str
    call: Callable[..., Any]
    argument: str


@dataclass(frozen=True, slots=True)
class HttpFunction(Function):
    route: Route
    methods: frozenset[str]


@dataclass(frozen=True, slots=True)
class QueueFunction(Function):
    queue: str
    connection: str


@dataclass(frozen=True, slots=True)
class TimerFunction(Function):
    schedule: Schedule
    run_on_startup: bool


def load_app(reference: str) -> func.FunctionApp:
    """The app named `module:attribute`, imported now."""
    module_name, _, attribute = reference.partition(":")
    app = getattr(importlib.import_module(module_name), attribute or "app", None)
    if not isinstance(app, func.FunctionApp):
        raise LoadError(reference, "is not a FunctionApp")
    return app


def declared_functions(app: func.FunctionApp, settings: Mapping[str, str]) -> list[Function]:
    """Every function of the app that is not disabled, settings put in; raises LoadError naming function and binding."""
    if "WEBSITE_TIME_ZONE" in settings:
        raise RefusedError("settings", "WEBSITE_TIME_ZONE: schedules are in UTC")
    # The library notes the names it has seen and takes a second reading for duplicates.
    app.functions_bindings = {}
    return [
        _declared(function, settings)
        for function in app.get_functions()
        if settings.get(f"AzureWebJobs.{function.get_function_name()}.Disabled", "").lower() not in {"1", "true"}
    ]


def _declared(function: Any, settings: Mapping[str, str]) -> Function:
    name, call = function.get_function_name(), function.get_user_function()
    where = f"function {name}"
    if function.get_setting("retry_policy") is not None:
        raise RefusedError(where, "retry policies")
    trigger = _trigger(where, [json.loads(one) for one in function.get_raw_bindings()])
    where = f"{where}, binding {trigger['type']}"
    _check_signature(call, trigger, where)
    match trigger["type"]:
        case "httpTrigger":
            return _http(name, call, trigger, where)
        case "queueTrigger":
            queue = expanded(trigger["queueName"], settings, where)
            return QueueFunction(name, call, trigger["name"], queue, expanded(trigger["connection"], settings, where))
        case _:
            schedule = parse(expanded(trigger["schedule"], settings, where))
            return TimerFunction(name, call, trigger["name"], schedule, bool(trigger.get("runOnStartup")))


def _check_signature(call: Callable[..., Any], trigger: Mapping[str, Any], where: str) -> None:
    """One argument, of the binding's name, and if annotated of the binding's type: the worker loads nothing else."""
    if set(inspect.signature(call).parameters) != {trigger["name"]}:
        raise LoadError(where, f"the function must take exactly its argument, {trigger['name']!r}")
    taken, given = get_type_hints(call).get(trigger["name"], Any), _ARGUMENTS[trigger["type"]]
    if taken is not Any and not (isinstance(taken, type) and issubclass(taken, given)):
        raise LoadError(where, f"{trigger['name']!r} is a func.{given.__name__}, not {taken}")


def _trigger(where: str, bindings: list[dict[str, Any]]) -> dict[str, Any]:
    """The one trigger; beside it there may only be the answer of an HTTP function."""
    triggers = [binding for binding in bindings if binding["type"] in _KEYS]
    is_http = any(binding["type"] == "httpTrigger" for binding in triggers)
    for binding in bindings:
        if binding not in triggers and not (is_http and binding["type"] == "http" and binding["name"] == "$return"):
            raise RefusedError(where, f"the binding {binding['type']} ({binding['name']})")
    if len(triggers) != 1:
        raise LoadError(where, "it has no trigger")
    trigger = triggers[0]
    for key in set(trigger) - _KEYS[trigger["type"]] - _EVERY_BINDING:
        raise RefusedError(where, f"the property {key} of the binding {trigger['type']}")
    return trigger


def _http(name: str, call: Callable[..., Any], trigger: Mapping[str, Any], where: str) -> HttpFunction:
    if str(trigger["authLevel"]).lower() != "anonymous":
        raise RefusedError(where, f"keys (auth level {trigger['authLevel']})")
    route = parse_route(trigger.get("route") or name, where)
    return HttpFunction(name, call, trigger["name"], route, frozenset(trigger.get("methods") or ()))
