"""The bodies that somebody may send (reliability.md 4.4), each with the answer and what is queued for it.

What is true of a body whatever table it names stands here once, for the reader of bodies and for every door before it.
"""

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass

from tests.unit.connector.executed import (
    INTERACTION_ID,
    LEAD_ID,
    ORGANIZATION,
    context,
    interaction,
    pair,
    reference,
    stripped,
)

WHOLE = json.dumps(context()).encode()


def _members(number: int) -> bytes:
    """The documented body with so many members more."""
    return WHOLE[:-1] + b"".join(b',"%d":0' % each for each in range(number)) + b"}"


OF_A_LEAD = {
    "the documented update": context(),
    "a create": context(MessageName="Create"),
    "a delete, whose target is a reference": context(
        MessageName="Delete", InputParameters=[pair("Target", reference("lead", LEAD_ID))]
    ),
    "a merge": context(MessageName="Merge"),
    "an assignment": context(MessageName="Assign"),
    "a change of state": context(MessageName="SetStateDynamicEntity"),
    "a qualification": context(MessageName="QualifyLead"),
    "an import in bulk": context(MessageName="UpdateMultiple"),
    "a message nobody has heard of": context(MessageName="Frobnicate"),
    "stripped above 256 KB": stripped(),
    "a date with an offset": context(OperationCreatedOn="/Date(1506409448000-0700)/"),
    "escaped slashes": WHOLE.replace(b"/", b"\\/"),
    "a byte order mark": b"\xef\xbb\xbf" + WHOLE,
    "white space around": b"\r\n " + WHOLE + b"\n",
    "unknown members": context(Tomorrow={"anything": [1, 2]}, **{"": None}),
    "members of another type": context(Depth="one", Mode={}, InputParameters={"Target": 1}, PreEntityImages="x"),
    "no correlation id": {name: value for name, value in context().items() if name != "CorrelationId"},
    "depth 99": context(Depth=99),
    "a synchronous step": context(Mode=0, IsInTransaction=True),
    "an id in braces": context(PrimaryEntityId="{" + LEAD_ID + "}"),
    "an id in upper case": context(PrimaryEntityId=LEAD_ID.upper()),
    "an organisation in upper case": context(OrganizationId=ORGANIZATION.upper()),
    "NaN": context(Depth=float("nan")),
    "infinity": context(Depth=float("-inf")),
    "1e400": WHOLE.replace(b'"Depth": 1', b'"Depth": 1e400'),
    "minus zero": context(Depth=-0.0),
    "its id twice, the second one right": WHOLE.replace(b'"Depth"', b'"PrimaryEntityId": "x", "Depth"'),
    "a thousand members": context(**{f"Member{number}": number for number in range(1_000)}),
    "a lone surrogate": context(OrganizationName="\ud800"),
    "a NUL": context(OrganizationName="\0"),
    "right-to-left marks": context(OrganizationName="\u202egnp.exe"),
    "terminal codes": context(OrganizationName="\x1b[2J\r\nInjected: yes"),
    "a megabyte of text": context(OrganizationName="x" * 1_000_000),
    "80,000 members": _members(80_000),
}

NO_CONTEXT = {
    "nothing": b"",
    "white space": b" \n",
    "null": b"null",
    "a list": b"[]",
    "text": b'"x"',
    "a number": b"1",
    "true": b"true",
    "an empty object": b"{}",
    "trailing bytes": WHOLE + b"x",
    "two documents": WHOLE + WHOLE,
    "latin-1": json.dumps(context(OrganizationName="Société"), ensure_ascii=False).encode("latin-1"),
    "UTF-16": WHOLE.decode().encode("utf-16"),
    "gzip": gzip.compress(WHOLE),
    "a form": b"OrganizationId=" + ORGANIZATION.encode(),
    "multipart": b'--x\r\nContent-Disposition: form-data; name="body"\r\n\r\n' + WHOLE + b"\r\n--x--",
    "XML": b"<RemoteExecutionContext/>",
    "5,000 digits": WHOLE.replace(b'"Depth": 1', b'"Depth": ' + b"9" * 5_000),
    "100,000 lists in each other": WHOLE.replace(b'"Depth": 1', b'"Depth": ' + b"[" * 100_000 + b"]" * 100_000),
    "100,000 objects in each other": b'{"a":' * 100_000,
    "no id": {name: value for name, value in context().items() if name != "PrimaryEntityId"},
    "an id of null": context(PrimaryEntityId=None),
    "an id that is a number": context(PrimaryEntityId=1),
    "an id that is a list": context(PrimaryEntityId=[LEAD_ID]),
    "an id that is an object": context(PrimaryEntityId={"Id": LEAD_ID}),
    "an id that is a condition": context(PrimaryEntityId="' or 1 eq 1"),
    "an id that is a path": context(PrimaryEntityId="../../contacts"),
    "an id of 10 KB": context(PrimaryEntityId="a" * 10_240),
    "an id with a lone surrogate": context(PrimaryEntityId="\ud800"),
    "its id twice, the second one wrong": WHOLE.replace(b'"SecondaryEntityName"', b'"PrimaryEntityId": "x", "S"'),
    "an organisation that is no GUID": context(OrganizationId="contoso"),
    "no organisation": {name: value for name, value in context().items() if name != "OrganizationId"},
    "a table that is a list": context(PrimaryEntityName=["lead"]),
    **{f"cut at {tenth}0%": WHOLE[: len(WHOLE) * tenth // 10] for tenth in range(1, 10)},
}


@dataclass(frozen=True, slots=True)
class Body:
    """What is sent, the status it is answered with, and the rows that are queued for a look, by table."""

    content: bytes
    status: int
    queued: tuple[tuple[str, str], ...] = ()


def _bytes(body: object) -> bytes:
    return body if isinstance(body, bytes) else json.dumps(body).encode()


FOREIGN = "c015df52-a05f-ee11-a382-000d3a64db73"
ZERO = "00000000-0000-0000-0000-000000000000"
_TO_LEAD = pair("lgate_leadid", reference("lead", LEAD_ID))

ELSE = {
    "an interaction of a lead": Body(_bytes(interaction("Create", _TO_LEAD)), 202, (("lead", LEAD_ID),)),
    "an interaction that was deleted": Body(
        _bytes(interaction("Delete", before=(_TO_LEAD,))), 202, (("lead", LEAD_ID),)
    ),
    "an interaction that was stripped": Body(
        _bytes(stripped(PrimaryEntityName="lgate_leadinteraction", PrimaryEntityId=INTERACTION_ID)),
        202,
        (("lgate_leadinteraction", INTERACTION_ID),),
    ),
    "another organisation": Body(_bytes(context(OrganizationId=FOREIGN)), 403),
    "another organisation and another table": Body(
        _bytes(context(OrganizationId=FOREIGN, PrimaryEntityName="systemuser")), 403
    ),
    "another table": Body(_bytes(context(PrimaryEntityName="systemuser")), 400),
    "the lead table in another case": Body(_bytes(context(PrimaryEntityName="Lead")), 400),
    "no table": Body(_bytes(context(PrimaryEntityName="")), 400),
    "a table that is a path": Body(_bytes(context(PrimaryEntityName="../leads")), 400),
    "a table with a lone surrogate": Body(_bytes(context(PrimaryEntityName="lead\ud800")), 400),
    "the zero id": Body(_bytes(context(PrimaryEntityId=ZERO)), 400),
    "one byte more than a mebibyte": Body(WHOLE.ljust(2**20 + 1), 413),
    "a million members": Body(_members(1_000_000), 413),
    "two megabytes of text": Body(_bytes(context(OrganizationName="x" * 2_000_000)), 413),
    "a mebibyte and more that is no JSON at all": Body(b"[" * (2**20 + 1), 413),
}


def _all() -> Iterator[tuple[str, Body]]:
    for name, body in OF_A_LEAD.items():
        yield name, Body(_bytes(body), 202, (("lead", LEAD_ID),))
    for name, body in NO_CONTEXT.items():
        yield name, Body(_bytes(body), 400)
    yield from ELSE.items()


BODIES = dict(_all())
