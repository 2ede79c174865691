"""The service endpoint and the steps by which Dataverse tells the app of changes (dataverse.md 3.2)."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from uuid import UUID, uuid4
from xml.sax.saxutils import quoteattr

from admin.provisioning import ProvisioningError, Step, sending
from connector.draft_columns import MODEL_SAYS, RULE_SAYS
from connector.intake import SECRET_HEADER
from connector.lifecycle_message import PARENTS
from connector.reach import NOTHING_REACHED, Reach
from connector.tables import MERGED_TABLES, Lead, LeadInteraction, QualificationRule, ScoringModel
from dataverse import DataverseClient, create, query, update
from dataverse.odata import all_of, eq

ENDPOINT_NAME = "Leadgate"
WEBHOOK, HTTP_HEADER = 8, 5
POST_OPERATION, ASYNCHRONOUS, PRE_IMAGE = 40, 1, 0


@dataclass(frozen=True, slots=True)
class Webhook:
    """Where the app listens, and the secret it wants to hear."""

    url: str
    secret: str = field(repr=False)

    @property
    def authvalue(self) -> str:
        """The header as the service endpoint keeps it; it cannot be read back."""
        return f"<settings><setting name={quoteattr(SECRET_HEADER)} value={quoteattr(self.secret)}/></settings>"


@dataclass(frozen=True, slots=True)
class StepForm:
    """A message on a table; for some, only when one of `columns` is written, and with the old values of `image`."""

    table: str
    message: str
    columns: tuple[str, ...] = ()
    image: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The name by which a step is found again."""
        return f"leadgate.{self.table}.{self.message.lower()}"


_REACHED_BY = (LeadInteraction.LEAD, LeadInteraction.CONTACT)
STEPS = (
    StepForm(Lead.TABLE, "Create"),
    StepForm(Lead.TABLE, "Update"),
    StepForm(Lead.TABLE, "Merge"),
    StepForm(LeadInteraction.TABLE, "Create"),
    StepForm(LeadInteraction.TABLE, "Update", image=_REACHED_BY),
    StepForm(LeadInteraction.TABLE, "Delete", image=_REACHED_BY),
    StepForm(ScoringModel.TABLE, "Update", columns=("statuscode", *MODEL_SAYS)),
    StepForm(QualificationRule.TABLE, "Update", columns=("statuscode", *RULE_SAYS)),
    *(
        StepForm(table, message, image=() if message == "Create" else (lookup,))
        for table, (lookup, _above) in PARENTS.items()
        for message in ("Create", "Update", "Delete")
    ),
)


def reached_steps(reach: Reach) -> Iterator[StepForm]:
    """The steps on tables that live models reach, besides those of STEPS.

    A related row that is new or gone has no leads; those of one that is merged away hang on the one that stays.
    """
    for table in sorted({*reach.related, *reach.interactions} - {form.table for form in STEPS}):
        interactions = reach.interactions.get(table)
        image = (*interactions.leads, *interactions.contacts) if interactions is not None else ()
        if interactions is not None:
            yield StepForm(table, "Create")
            yield StepForm(table, "Delete", image=image)
        yield StepForm(table, "Update", image=image)
        if table in MERGED_TABLES:
            yield StepForm(table, "Merge")


def webhook_steps(client: DataverseClient, webhook: Webhook, reach: Reach = NOTHING_REACHED) -> Iterator[Step]:
    """One service endpoint, and the steps that are missing; the secret is written anew each time."""
    named = all_of(eq("name", ENDPOINT_NAME), eq("contract", WEBHOOK))
    rows = list(client.rows(query("serviceendpoints", select=["serviceendpointid", "url"], filter=named)))
    if len(rows) > 1:
        message = f"{len(rows)} service endpoints are called {ENDPOINT_NAME}: remove all but one"
        raise ProvisioningError(message)
    endpoint_id = str(rows[0]["serviceendpointid"]) if rows else str(uuid4())
    settings = {"url": webhook.url, "authtype": HTTP_HEADER, "authvalue": webhook.authvalue}
    if rows:
        changed = update("serviceendpoints", endpoint_id, settings, etag="*")
        yield sending(f"service endpoint {ENDPOINT_NAME}: address and secret", changed)
    else:
        row = {"serviceendpointid": endpoint_id, "name": ENDPOINT_NAME, "contract": WEBHOOK, **settings}
        created = create("serviceendpoints", row, id_column="serviceendpointid")
        yield sending(f"service endpoint {ENDPOINT_NAME} at {webhook.url}", created)
    registered = query(
        "sdkmessageprocessingsteps",
        select=["name"],
        filter=eq("eventhandler_serviceendpoint/serviceendpointid", UUID(endpoint_id)),
    )
    known = {str(row["name"]) for row in client.rows(registered)} if rows else set()
    for form in (*STEPS, *reached_steps(reach)):
        if form.name not in known:
            yield _step(form, endpoint_id)


def _step(form: StepForm, endpoint_id: str) -> Step:
    return Step(f"webhook on {form.message} of {form.table}", lambda client: _register(client, form, endpoint_id))


def _register(client: DataverseClient, form: StepForm, endpoint_id: str) -> None:
    message_id = _only(client, "sdkmessages", "sdkmessageid", name=form.message)
    on_table = all_of(eq("primaryobjecttypecode", form.table), eq("sdkmessageid/name", form.message))
    filters = list(client.rows(query("sdkmessagefilters", select=["sdkmessagefilterid"], filter=on_table)))
    if len(filters) != 1:
        message = f"{form.message} of {form.table} cannot be registered: {len(filters)} message filters"
        raise ProvisioningError(message)
    step_id = str(uuid4())
    row: dict[str, object] = {
        "sdkmessageprocessingstepid": step_id,
        "name": form.name,
        "stage": POST_OPERATION,
        "mode": ASYNCHRONOUS,
        "rank": 1,
        "supporteddeployment": 0,
        "asyncautodelete": True,
        "eventhandler_serviceendpoint@odata.bind": f"/serviceendpoints({endpoint_id})",
        "sdkmessageid@odata.bind": f"/sdkmessages({message_id})",
        "sdkmessagefilterid@odata.bind": f"/sdkmessagefilters({filters[0]['sdkmessagefilterid']})",
    }
    if form.columns:
        row["filteringattributes"] = ",".join(form.columns)
    client.send(create("sdkmessageprocessingsteps", row, id_column="sdkmessageprocessingstepid"))
    if form.image:
        image = {
            "sdkmessageprocessingstepid@odata.bind": f"/sdkmessageprocessingsteps({step_id})",
            "imagetype": PRE_IMAGE,
            "name": "PreImage",
            "entityalias": "PreImage",
            "messagepropertyname": "Target",
            "attributes": ",".join(form.image),
        }
        client.send(create("sdkmessageprocessingstepimages", image))


def _only(client: DataverseClient, entity_set: str, id_column: str, *, name: str) -> str:
    rows = list(client.rows(query(entity_set, select=[id_column], filter=eq("name", name))))
    if len(rows) != 1:
        message = f"{entity_set}: {len(rows)} rows are called {name}"
        raise ProvisioningError(message)
    return str(rows[0][id_column])
