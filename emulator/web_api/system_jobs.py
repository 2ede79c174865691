"""System jobs: what became of each delivery of an asynchronous step."""

from uuid import UUID, uuid4

from emulator.web_api.catalogue import target_column
from emulator.web_api.environment import Environment
from emulator.web_api.events import RowEvent, Step
from emulator.web_api.rows import Row
from emulator.web_api.values import moment

_COMPLETED, _SUCCEEDED, _FAILED = 3, 30, 31
_SYSTEM_EVENT = 1


def record_system_job(
    environment: Environment, event: RowEvent, step: Step, *, succeeded: bool, message: str | None
) -> UUID | None:
    """Add an `asyncoperation` row; None when it succeeded and the step's asyncautodelete leaves none."""
    steps = environment.metadata.table("sdkmessageprocessingstep")
    registered = environment.rows.find(steps, str(step.step_id))
    if registered is None or (succeeded and registered["asyncautodelete"]):
        return None
    job_id = uuid4()
    job = _job(environment, event, step, succeeded=succeeded) | {"asyncoperationid": str(job_id), "message": message}
    environment.rows.insert(environment.metadata.table("asyncoperation"), job)
    return job_id


def _job(environment: Environment, event: RowEvent, step: Step, *, succeeded: bool) -> Row:
    now, user = moment(environment.clock()), str(environment.user_id)
    return {
        "name": step.name,
        "operationtype": _SYSTEM_EVENT,
        "messagename": event.message,
        "primaryentitytype": event.table,
        "regardingobjectid": str(event.row_id),
        "correlationid": str(event.correlation_id),
        "requestid": str(event.operation_id),
        "depth": 1,
        "owningextensionid": str(step.step_id),
        "statecode": _COMPLETED,
        "statuscode": _SUCCEEDED if succeeded else _FAILED,
        "startedon": moment(event.at),
        "completedon": now,
        "createdon": now,
        "modifiedon": now,
        "createdby": user,
        "modifiedby": user,
        "ownerid": user,
        target_column("ownerid"): "systemuser",
        "owninguser": user,
        "owningbusinessunit": str(environment.business_unit_id),
    }
