"""HTTP requests in, func.HttpRequest to the function, func.HttpResponse out."""

from collections.abc import Iterable
from urllib.parse import parse_qsl

import azure.functions as func

from emulator.host.declared import HttpFunction
from emulator.host.errors import FunctionFailedError
from emulator.host.invoker import Invoker
from emulator.web_api import Request, Response


class HttpFunctions:
    """The app's HTTP functions under their prefix; a method or path of none of them is 404, as in the real host."""

    def __init__(self, functions: Iterable[HttpFunction], prefix: str, invoker: Invoker) -> None:
        # Literal routes come before those that take parameters.
        self._functions = sorted(functions, key=lambda function: function.route.parameters)
        self._prefix = f"/{prefix}/".replace("//", "/").lower()
        self._invoker = invoker

    def handle(self, request: Request, base_url: str) -> Response:
        path = request.target.partition("?")[0]
        if not path.lower().startswith(self._prefix):
            return Response(404)
        for function in self._functions:
            route_params = function.route.match(path[len(self._prefix) :])
            if route_params is not None and (not function.methods or request.method in function.methods):
                return self._answer(function, _http_request(request, base_url, route_params))
        return Response(404)

    def _answer(self, function: HttpFunction, request: func.HttpRequest) -> Response:
        try:
            returned = self._invoker.invoke(function, request)
        except FunctionFailedError:
            return Response(500)
        if isinstance(returned, str):
            return Response(200, {"content-type": "text/plain; charset=utf-8"}, returned.encode())
        # The worker turns anything else away after the invocation; the caller sees a 500.
        return _response(returned) if isinstance(returned, func.HttpResponse) else Response(500)


def _http_request(request: Request, base_url: str, route_params: dict[str, str]) -> func.HttpRequest:
    query = request.target.partition("?")[2]
    params: dict[str, str] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        params[name] = f"{params[name]},{value}" if name in params else value
    return func.HttpRequest(
        method=request.method,
        url=base_url + request.target,
        headers={name.lower(): value for name, value in request.headers.items()},
        params=params,
        route_params=route_params,
        body=request.body,
    )


def _response(returned: func.HttpResponse) -> Response:
    headers = {name.lower(): value for name, value in returned.headers.items()}
    if "content-type" not in headers:
        charset = f"; charset={returned.charset}" if returned.mimetype.startswith("text/") else ""
        headers["content-type"] = f"{returned.mimetype}{charset}"
    return Response(returned.status_code, headers, returned.get_body())
