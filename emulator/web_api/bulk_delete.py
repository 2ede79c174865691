"""BulkDelete: a system job that deletes a second later, as one that waits for its turn does."""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import uuid4

from emulator.web_api.environment import Call, Environment
from emulator.web_api.errors import BadRequestError, UnsupportedError
from emulator.web_api.http import Response
from emulator.web_api.metadata import Table
from emulator.web_api.payload import read_json
from emulator.web_api.representation import answer
from emulator.web_api.system_jobs import complete_job, insert_job
from emulator.web_api.values import GUID, moment
from emulator.web_api.writes import delete_row

DELAY = timedelta(seconds=1)

_BULK_DELETE = 13


def bulk_delete(environment: Environment, call: Call) -> Response:
    """The unbound action: its job's id. QuerySet holds one QueryExpression with In on the primary id."""
    body = read_json(call.request, "BulkDelete")
    queries = body.get("QuerySet")
    if not isinstance(queries, list) or len(queries) != 1 or not isinstance(queries[0], dict):
        raise UnsupportedError("BulkDelete of other than one query")
    if body.get("RecurrencePattern"):
        raise UnsupportedError("RecurrencePattern of BulkDelete")
    table, row_ids = _rows(environment, queries[0])
    job_id = str(uuid4())
    insert_job(environment, job_id, name=str(body.get("JobName") or ""), operationtype=_BULK_DELETE)
    due = moment(environment.clock() + DELAY)
    sql = "INSERT INTO _bulk_delete VALUES (?, ?, ?, ?)"
    environment.database.execute(sql, (job_id, due, table.logical_name, json.dumps(row_ids)))
    context = call.url("$metadata#Microsoft.Dynamics.CRM.BulkDeleteResponse")
    return answer(200, {"@odata.context": context, "JobId": job_id})


def due_jobs(environment: Environment) -> list[str]:
    """The ids of the bulk deletes whose time has come."""
    sql = "SELECT job_id FROM _bulk_delete WHERE due <= ? ORDER BY due, job_id"
    return [str(job_id) for (job_id,) in environment.database.execute(sql, (moment(environment.clock()),))]


def run_job(environment: Environment, call: Call, job_id: str) -> None:
    """Delete what a job names; rows that are gone are left out."""
    sql = "DELETE FROM _bulk_delete WHERE job_id = ? RETURNING table_name, row_ids"
    for table_name, row_ids in environment.database.execute(sql, (job_id,)):
        table = environment.metadata.find(str(table_name))
        for row_id in json.loads(str(row_ids)) if table else ():
            row = environment.rows.find(table, row_id) if table else None
            if table is not None and row is not None:
                delete_row(environment, call, table, row)
    complete_job(environment, job_id, succeeded=True)


def fail_job(environment: Environment, job_id: str) -> None:
    """Note that a job could not delete one of its rows, and deleted none."""
    environment.database.execute("DELETE FROM _bulk_delete WHERE job_id = ?", (job_id,))
    complete_job(environment, job_id, succeeded=False)


def _rows(environment: Environment, query: Mapping[str, Any]) -> tuple[Table, list[str]]:
    table = environment.metadata.find(str(query.get("EntityName")))
    if table is None:
        message = f"The entity '{query.get('EntityName')}' of the query does not exist."
        raise BadRequestError(message, "0x80041102")
    match query.get("Criteria"):
        case {"Conditions": [{"AttributeName": table.primary_id, "Operator": "In", "Values": [*values]}], **_rest}:
            ids = [value.get("Value") if isinstance(value, dict) else value for value in values]
            if all(isinstance(row_id, str) and GUID.fullmatch(row_id) for row_id in ids):
                return table, [str(row_id).lower() for row_id in ids]
    raise UnsupportedError("BulkDelete of a query other than In on the primary id")
