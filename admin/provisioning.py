"""What an environment lacks of Leadgate, as steps that can be shown before they are done; nothing is changed twice.

Steps are done one after another: the service holds one lock for customisation (dataverse.md 8.8).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from uuid import uuid4

from admin.schema import (
    Lookup,
    StatusReason,
    TableForm,
    lead_columns,
    lead_lookups,
    lead_status_reasons,
    lead_tables,
    model_tables,
    rule_tables,
)
from admin.schema.forms import Say
from connector.errors import LeadgateError
from connector.tables import OPTION_PREFIX, PREFIX, SOLUTION, Lead
from dataverse import DataverseClient, Request, create, query
from dataverse.definitions import (
    add_column,
    enable_change_tracking,
    insert_status_value,
    lookup_relationship,
    publish_xml,
    table_definition,
    update_option_value,
)
from dataverse.labels import Labels
from dataverse.metadata import (
    StatusOption,
    TableMetadata,
    change_tracking,
    status_options,
    table,
    whole_definition,
)
from dataverse.odata import any_of, eq

ENGLISH, FRENCH = 1033, 1036
CUSTOMISATION_TIMEOUT_S = 300.0
"""A table takes the service half a minute and more."""

_OURS = f"{PREFIX}_"


class ProvisioningError(LeadgateError):
    """The environment stands in the way; nothing was changed by the step that says so."""


@dataclass(frozen=True, slots=True)
class Step:
    """One change to the environment: what it is, and how it is made."""

    what: str
    make: Callable[[DataverseClient], object]


def sending(what: str, request: Request) -> Step:
    """The step that is one request."""
    return Step(what, lambda client: client.send(request, read_timeout_s=CUSTOMISATION_TIMEOUT_S))


def schema_steps(client: DataverseClient) -> Iterator[Step]:
    """Everything that is missing of publisher, solution, tables, columns, lookups and status reasons, in order."""
    yield from _solution_steps(client)
    say = _languages(client)
    forms = (*model_tables(say), *rule_tables(say), *lead_tables(say))
    existing = {form.name: table(client, form.name) for form in forms}
    changed: set[str] = set()
    for step, name in (
        *((step, form.name) for form in forms for step in _table_steps(form, existing[form.name])),
        *((step, form.name) for form in forms for step in _lookup_steps(form.name, form.lookups, existing[form.name])),
        *((step, form.name) for form in forms for step in _reason_steps(client, form, existing[form.name])),
        *((step, Lead.TABLE) for step in _lead_steps(client, say)),
    ):
        changed.add(name)
        yield step
    if changed:
        yield sending("publish the customisations", publish_xml(sorted(changed)))


def tracking_steps(client: DataverseClient, name: str = Lead.TABLE) -> Iterator[Step]:
    """Change tracking of a table, where it is off: the poll needs it, and it can never be switched off again."""
    found = change_tracking(client, name)
    if found is not None and not found.is_enabled:
        yield Step(f"change tracking of {name}, which cannot be undone", lambda client: _track(client, name))


def _track(client: DataverseClient, name: str) -> None:
    definition = whole_definition(client, name)
    if definition is None:
        message = f"the environment has no table {name}"
        raise ProvisioningError(message)
    client.send(enable_change_tracking(definition), read_timeout_s=CUSTOMISATION_TIMEOUT_S)


def _solution_steps(client: DataverseClient) -> Iterator[Step]:
    columns = ["publisherid", "uniquename", "customizationprefix", "customizationoptionvalueprefix"]
    ours_or_rivals = any_of(
        eq("uniquename", SOLUTION),
        eq("customizationprefix", PREFIX),
        eq("customizationoptionvalueprefix", OPTION_PREFIX),
    )
    publisher = None
    for row in client.rows(query("publishers", select=columns, filter=ours_or_rivals)):
        if row["uniquename"] != SOLUTION:
            message = f"publisher {row['uniquename']!r} owns the prefix {PREFIX} or the option prefix {OPTION_PREFIX}"
            raise ProvisioningError(message)
        publisher = str(row["publisherid"])
    if publisher is None:
        publisher = str(uuid4())
        body = {
            "publisherid": publisher,
            "uniquename": SOLUTION,
            "friendlyname": "Leadgate",
            "customizationprefix": PREFIX,
            "customizationoptionvalueprefix": OPTION_PREFIX,
        }
        yield sending("publisher leadgate", create("publishers", body, id_column="publisherid"))
    if not list(client.rows(query("solutions", select=["solutionid"], filter=eq("uniquename", SOLUTION)))):
        body = {
            "uniquename": SOLUTION,
            "friendlyname": "Leadgate",
            "version": "1.0.0.0",
            "publisherid@odata.bind": f"/publishers({publisher})",
        }
        yield sending("solution leadgate", create("solutions", body))


def _languages(client: DataverseClient) -> Say:
    """English and French where the environment has them, and the base language in English if it is neither."""
    organization = next(client.rows(query("organizations", select=["languagecode"])))
    base = int(str(organization["languagecode"]))
    provisioned = client.send(Request("GET", "RetrieveProvisionedLanguages()")).row.get("RetrieveProvisionedLanguages")
    languages = {base, *(provisioned if isinstance(provisioned, list) else ())}

    def say(english: str, french: str) -> Labels:
        texts = {base: english, ENGLISH: english, FRENCH: french}
        return {language: text for language, text in texts.items() if language in languages}

    return say


def _table_steps(form: TableForm, existing: TableMetadata | None) -> Iterator[Step]:
    if existing is None:
        definition = table_definition(
            form.name,
            form.labels,
            form.plural_labels,
            ownership=form.ownership,
            primary_name=form.primary_name,
            columns=form.columns,
            change_tracking=form.change_tracking,
            auditing=form.auditing,
            solution=SOLUTION,
        )
        yield sending(f"table {form.name}", definition)
        yield Step(f"check the set name of {form.name}", lambda client: _check_set_name(client, form.name))
        return
    for column in form.columns:
        name = str(column["SchemaName"])
        if name not in existing.columns:
            yield sending(f"column {form.name}.{name}", add_column(form.name, column, solution=SOLUTION))


def _check_set_name(client: DataverseClient, name: str) -> None:
    made = table(client, name)
    if made is None or made.entity_set_name != f"{name}s":
        found = made.entity_set_name if made else "nothing"
        message = f"table {name}: the environment calls its set {found}, Leadgate expects {name}s"
        raise ProvisioningError(message)


def _lookup_steps(name: str, lookups: tuple[Lookup, ...], existing: TableMetadata | None) -> Iterator[Step]:
    for lookup in lookups:
        if existing is None or lookup.column not in existing.columns:
            relationship = lookup_relationship(
                f"{PREFIX}_{name.removeprefix(_OURS)}_{lookup.column.removeprefix(_OURS)}",
                referenced=lookup.target,
                referencing=name,
                lookup_schema_name=lookup.column,
                labels=lookup.labels,
                cascade=lookup.cascade,
                solution=SOLUTION,
            )
            yield sending(f"lookup {name}.{lookup.column} to {lookup.target}", relationship)


def _reason_steps(client: DataverseClient, form: TableForm, existing: TableMetadata | None) -> Iterator[Step]:
    if form.status_reasons:
        known = () if existing is None else status_options(client, form.name)
        yield from _status_steps(form.name, form.status_reasons, known)


def _status_steps(name: str, reasons: tuple[StatusReason, ...], known: tuple[StatusOption, ...]) -> Iterator[Step]:
    labels = {option.value: option.labels for option in known}
    for reason in reasons:
        what = f"status reason {name}: {next(iter(reason.labels.values()))}"
        current = labels.get(reason.value, {})
        if reason.is_default:
            if any(current.get(language) != text for language, text in reason.labels.items()):
                yield sending(
                    what,
                    update_option_value(
                        name, "statuscode", value=reason.value, labels=reason.labels, solution=SOLUTION
                    ),
                )
        elif not current:
            inserted = insert_status_value(
                name, state=reason.state, value=reason.value, labels=reason.labels, solution=SOLUTION
            )
            yield sending(what, inserted)


def _lead_steps(client: DataverseClient, say: Say) -> Iterator[Step]:
    lead = table(client, Lead.TABLE)
    if lead is None:
        message = "the environment has no lead table: install Dynamics 365 Sales, or use the emulator"
        raise ProvisioningError(message)
    for name, column in lead_columns(say, lead.columns).items():
        if name not in lead.columns:
            yield sending(f"column lead.{name}", add_column(Lead.TABLE, column, solution=SOLUTION))
    yield from _lookup_steps(Lead.TABLE, lead_lookups(say), lead)
    known = status_options(client, Lead.TABLE)
    yield from _status_steps(Lead.TABLE, lead_status_reasons(say, [option.value for option in known]), known)
