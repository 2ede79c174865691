"""The emulator: requests in, answers out, and events to listeners after each commit."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from hmac import compare_digest
from pathlib import Path
from threading import RLock
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from emulator.web_api.address import TARGET_MAX, TARGET_MAX_IN_BATCH, Address, parse_target
from emulator.web_api.batch import run_batch
from emulator.web_api.bulk_delete import due_jobs, fail_job, run_job
from emulator.web_api.database import Database
from emulator.web_api.environment import Call
from emulator.web_api.errors import MethodNotAllowedError, UnauthorizedError, WebApiError
from emulator.web_api.events import RowEvent, Step
from emulator.web_api.http import Request, Response
from emulator.web_api.loading import load_rows
from emulator.web_api.metadata import Metadata
from emulator.web_api.preferences import Preferences, parse_preferences
from emulator.web_api.representation import request_ids
from emulator.web_api.reset import reset_rows
from emulator.web_api.router import is_write, route, table_name
from emulator.web_api.seed import open_environment
from emulator.web_api.steps import PLUGIN_TABLES, Registrations
from emulator.web_api.system_jobs import record_system_job

_BATCH = "$batch"
_NOTHING: Mapping[str, str] = {}


def utc_now() -> datetime:
    """The real time, in UTC."""
    return datetime.now(UTC)


class Emulator:
    """One emulated Dataverse environment. Thread-safe: one request at a time.

    `path` keeps it in a file (durable); without it, it is gone at `close`. With a `token`, every request needs it as
    bearer. `listeners` are called after each commit, in commit order, before the request is answered: they should be
    quick, and may call the emulator. `requests` counts by (method, table): the parts of batches, and each batch itself
    under ("POST", "$batch"). `plug_ins` see each operation, the parts of batches too, and whether it is in a changeset;
    one that raises a WebApiError refuses it.
    """

    def __init__(
        self,
        *,
        path: Path | None = None,
        clock: Callable[[], datetime] = utc_now,
        token: str | None = None,
        organization_id: UUID | None = None,
        base_url: str = "http://127.0.0.1:0",
    ) -> None:
        self.base_url = base_url
        self.listeners: list[Callable[[RowEvent], None]] = []
        self.plug_ins: list[Callable[[Request, bool], None]] = []
        self.requests: Counter[tuple[str, str]] = Counter()
        self._token = token
        self._lock = RLock()
        self._database = Database(path)
        self._environment = open_environment(self._database, clock, organization_id)
        self._registrations = Registrations(self._database)

    @property
    def organization_id(self) -> UUID:
        """The id of the organisation, fixed when the database was made."""
        return self._environment.organization_id

    @property
    def user_id(self) -> UUID:
        """The user every request is made as."""
        return self._environment.user_id

    @property
    def business_unit_id(self) -> UUID:
        """The root business unit, which the user belongs to."""
        return self._environment.business_unit_id

    @property
    def metadata(self) -> Metadata:
        """The metadata as of now."""
        return self._environment.metadata

    def handle(self, request: Request) -> Response:
        """Answer one request; refusals are answers too, with the service's status, code and text."""
        with self._lock:
            try:
                self._authorise(request)
                self._run_due_jobs()
                if urlsplit(request.target).path.rstrip("/").endswith(f"/{_BATCH}"):
                    return self._batch(request)
            except WebApiError as refusal:
                return _refused(refusal)
            response = self._answer(request, _NOTHING, longest=TARGET_MAX)
            self._publish()
            return response

    def load(self, table_name: str, rows: Iterable[Mapping[str, Any]]) -> int:
        """Add rows in one transaction, without events, and say how many: for benches and samples of any size.

        A row is Web API JSON; lookups are given as they are read (`_parentaccountid_value`). Types are checked; that
        ids and what lookups point at fit together is the caller's word.
        """
        with self._lock, self._transaction():
            return load_rows(self._environment, self._environment.metadata.table(table_name), rows)

    def reset(self) -> None:
        """Put the rows back to those of a new environment, without events; definitions and registrations stay.

        Of tables with change tracking the next delta shows what went as deleted.
        """
        with self._lock, self._transaction():
            reset_rows(self._environment)

    def steps_for(self, event: RowEvent) -> list[Step]:
        """The enabled steps an event has to be delivered to, by rank."""
        with self._lock:
            return self._registrations.steps_for(event)

    def record_system_job(
        self, event: RowEvent, step: Step, *, succeeded: bool, message: str | None = None
    ) -> UUID | None:
        """Add the `asyncoperation` row of a delivery; None when it succeeded and the step deletes such rows."""
        with self._lock, self._transaction():
            return record_system_job(self._environment, event, step, succeeded=succeeded, message=message)

    def close(self) -> None:
        """Close the database."""
        with self._lock:
            self._database.close()

    def _authorise(self, request: Request) -> None:
        given = request.headers.get("Authorization", "")
        if self._token is not None and not compare_digest(given.encode(), f"Bearer {self._token}".encode()):
            raise UnauthorizedError

    def _run_due_jobs(self) -> None:
        for job_id in due_jobs(self._environment):
            own_call = Call(Request("POST", "BulkDelete"), Address((), {}), Preferences(), self._root(""))
            try:
                with self._transaction():
                    run_job(self._environment, own_call, job_id)
            except WebApiError:
                with self._transaction():
                    fail_job(self._environment, job_id)
            self._publish()

    def _batch(self, request: Request) -> Response:
        self.requests["POST", _BATCH] += 1
        if request.method != "POST":
            raise MethodNotAllowedError(request.method)
        host = {"Host": request.headers.get("Host", "")}

        def answer(part: Request, created: Mapping[str, str]) -> Response:
            whole = Request(part.method, part.target, {**host, **part.headers}, part.body)
            response = self._answer(whole, created, longest=TARGET_MAX_IN_BATCH)
            self._publish()
            return response

        return run_batch(request, answer, self._atomically)

    def _answer(self, request: Request, created: Mapping[str, str], *, longest: int) -> Response:
        try:
            call = Call(
                request=request,
                address=parse_target(request.target, longest=longest),
                preferences=parse_preferences(request.headers),
                service_root=self._root(request.headers.get("Host", "")),
                created=created,
            )
            self.requests[request.method, table_name(self._environment, call)] += 1
            for plug_in in self.plug_ins:
                plug_in(request, self._database.in_transaction)
            if self._database.in_transaction or not is_write(call):
                return route(self._environment, call)
            with self._transaction():
                return route(self._environment, call)
        except WebApiError as refusal:
            return _refused(refusal)

    def _atomically(self, run: Callable[[], None]) -> None:
        with self._transaction():
            run()
        self._publish()

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        metadata = self._environment.metadata
        try:
            with self._database.transaction():
                yield
        except BaseException:
            self._environment.metadata = metadata
            self._environment.pending.clear()
            raise

    def _publish(self) -> None:
        if self._database.in_transaction:
            return
        events, self._environment.pending = self._environment.pending, []
        if any(event.table in PLUGIN_TABLES for event in events):
            self._registrations.forget()
        for event in events:
            for listener in self.listeners:
                listener(event)

    def _root(self, host: str) -> str:
        scheme = urlsplit(self.base_url).scheme
        return f"{f'{scheme}://{host}' if host else self.base_url}/api/data/v9.2/"


def _refused(refusal: WebApiError) -> Response:
    headers = {**request_ids(), "Content-Type": "application/json; odata.metadata=minimal"}
    if refusal.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return Response(refusal.status, headers, refusal.body())
