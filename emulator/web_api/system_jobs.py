"""System jobs: what became of each delivery of an asynchronous step, and of each bulk delete."""

from uuid import UUID, uuid4

from emulator.web_api.catalogue import target_column
from emulator.web_api.database import SqlValue
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
    insert_job(
        environment,
        str(job_id),
        name=step.name,
        message=message,
        operationtype=_SYSTEM_EVENT,
        messagename=event.message,
        primaryentitytype=event.table,
        regardingobjectid=str(event.row_id),
        correlationid=str(event.correlation_id),
        requestid=str(event.operation_id),
        owningextensionid=str(step.step_id),
        statecode=_COMPLETED,
        statuscode=_SUCCEEDED if succeeded else _FAILED,
        startedon=moment(event.at),
        completedon=moment(environment.clock()),
    )
    return job_id


def insert_job(environment: Environment, job_id: str, **values: SqlValue) -> None:
    """Add a system job, ready and waiting unless the values say otherwise."""
    now, user = moment(environment.clock()), str(environment.user_id)
    job: Row = {
        "asyncoperationid": job_id,
        "statecode": 0,
        "statuscode": 0,
        "depth": 1,
        "createdon": now,
        "modifiedon": now,
    }
    owner: Row = {"ownerid": user, target_column("ownerid"): "systemuser", "owninguser": user}
    owner |= {"createdby": user, "modifiedby": user, "owningbusinessunit": str(environment.business_unit_id)}
    environment.rows.insert(environment.metadata.table("asyncoperation"), {**job, **owner, **values})


def complete_job(environment: Environment, job_id: str, *, succeeded: bool) -> None:
    """Note that a waiting job has run."""
    now = moment(environment.clock())
    done: Row = {"statecode": _COMPLETED, "statuscode": _SUCCEEDED if succeeded else _FAILED}
    done |= {"startedon": now, "completedon": now, "modifiedon": now}
    environment.rows.update(environment.metadata.table("asyncoperation"), job_id, done)
