"""The doors `/_emulator/...`, over a socket."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
import requests

from emulator.limits import ProtectionLimits
from emulator.running import RunningEmulator, running_emulator

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

Ask = Callable[..., requests.Response]


@pytest.fixture(scope="module")
def running() -> Iterator[RunningEmulator]:
    with running_emulator(clock=lambda: NOW) as running:
        yield running


@pytest.fixture(autouse=True)
def undone(running: RunningEmulator) -> Iterator[None]:
    """What a test did is undone after it, by the doors themselves."""
    yield
    for method, name in (("POST", "reset"), ("DELETE", "clock")):
        requests.request(method, f"{running.addresses.dataverse_url}/_emulator/{name}", timeout=10).raise_for_status()


@pytest.fixture
def session() -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False
        yield session


@pytest.fixture
def door(running: RunningEmulator, session: requests.Session) -> Ask:
    """Calls `/_emulator/<name>`."""

    def call(method: str, name: str, content: Any = None) -> requests.Response:
        return session.request(method, f"{running.addresses.dataverse_url}/_emulator/{name}", json=content, timeout=10)

    return call


@pytest.fixture
def ask(running: RunningEmulator, session: requests.Session) -> Ask:
    """Calls the Web API."""

    def call(method: str, path: str, content: Any = None) -> requests.Response:
        url, headers = f"{running.addresses.dataverse_url}/api/data/v9.2/{path}", bearer(running)
        return session.request(method, url, json=content, headers=headers, timeout=10)

    return call


def bearer(running: RunningEmulator) -> dict[str, str]:
    return {"Authorization": f"Bearer {running.addresses.token}", "Prefer": "return=representation"}


def test_requests_are_listed_with_their_times_and_without_bodies(door: Ask, ask: Ask) -> None:
    ask("POST", "leads", {"lastname": "Durand"})
    (entry,) = door("GET", "requests").json()
    assert entry == {
        "number": entry["number"],
        "method": "POST",
        "target": "/api/data/v9.2/leads",
        "status": 201,
        "at": NOW.isoformat(),
        "answered_at": NOW.isoformat(),
        "retry_after_s": None,
        "web_server": None,
        "under_way": 1,
    }


def test_the_clock_stands_where_it_is_put_and_rows_carry_its_time(door: Ask, ask: Ask) -> None:
    assert door("POST", "clock", {"at": "2027-01-01T01:00:00+01:00"}).json() == {
        "now": "2027-01-01T00:00:00+00:00",
        "standing": True,
    }
    assert ask("POST", "leads", {"lastname": "Durand"}).json()["createdon"] == "2027-01-01T00:00:00Z"
    door("POST", "clock", {"forward_s": 86_400})
    assert ask("POST", "leads", {"lastname": "Durand"}).json()["createdon"] == "2027-01-02T00:00:00Z"
    assert door("DELETE", "clock").json() == {"now": NOW.isoformat(), "standing": False}
    assert door("GET", "clock").json() == {"now": NOW.isoformat(), "standing": False}


def test_a_running_clock_jumps_and_runs_on(session: requests.Session) -> None:
    with running_emulator() as running:
        url = f"{running.addresses.dataverse_url}/_emulator/clock"
        ahead = datetime.fromisoformat(session.post(url, json={"forward_s": 3600}, timeout=10).json()["now"])
        assert timedelta(seconds=3590) < ahead - datetime.now(UTC) < timedelta(seconds=3610)
        assert datetime.fromisoformat(session.get(url, timeout=10).json()["now"]) > ahead


@pytest.mark.parametrize(
    "content",
    [None, {}, {"at": "soon"}, {"at": "2026-01-01T00:00:00"}, {"at": 1}, {"forward_s": -1}, {"forward_s": "1"}, [1]],
)
def test_a_clock_that_cannot_be_set_so_is_refused_and_stays(content: Any, door: Ask) -> None:
    assert door("POST", "clock", content).status_code == 400
    assert door("GET", "clock").json()["now"] == NOW.isoformat()


def test_a_fault_is_scripted_listed_and_cleared(door: Ask, ask: Ask) -> None:
    scripted = door("POST", "faults", {"path": "leads", "status": 503, "body": "html", "count": None})
    assert scripted.status_code == 201
    answer = ask("GET", "leads")
    assert (answer.status_code, answer.headers["Content-Type"]) == (503, "text/html; charset=utf-8")
    assert ask("GET", "contacts").status_code == 200
    (listed,) = door("GET", "faults").json()
    assert (listed["status"], listed["met"], listed["applied"]) == (503, 1, 1)
    assert door("DELETE", "faults").json() == []
    assert ask("GET", "leads").status_code == 200


def test_several_faults_are_scripted_at_once_or_none_of_them(door: Ask, ask: Ask) -> None:
    assert door("POST", "faults", [{"status": 503}, {"colour": "red"}]).status_code == 400
    assert ask("GET", "leads").status_code == 200
    door("POST", "faults", [{"status": 503}, {"status": 429, "nth": 2, "headers": {"Retry-After": "1"}}])
    assert [ask("GET", "leads").status_code for _ in range(3)] == [503, 429, 200]


def test_an_answer_is_lost_after_the_row_was_written(door: Ask, ask: Ask) -> None:
    lead = str(uuid4())
    door("POST", "faults", {"method": "POST", "path": "leads$", "cut": "after"})
    with pytest.raises(requests.ConnectionError):
        ask("POST", "leads", {"leadid": lead, "lastname": "Durand"})
    assert ask("GET", f"leads({lead})").status_code == 200
    assert [entry["status"] for entry in door("GET", "requests").json()] == [None, 200]


def test_a_connection_is_lost_before_anything_was_written(door: Ask, ask: Ask) -> None:
    lead = str(uuid4())
    door("POST", "faults", {"method": "POST", "path": "leads$", "cut": "before"})
    with pytest.raises(requests.ConnectionError):
        ask("POST", "leads", {"leadid": lead, "lastname": "Durand"})
    assert ask("GET", f"leads({lead})").status_code == 404


def test_an_answer_breaks_off(door: Ask, ask: Ask) -> None:
    door("POST", "faults", {"cut": "during"})
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        ask("GET", "leads")


def test_an_answer_is_late(door: Ask, ask: Ask) -> None:
    door("POST", "faults", {"delay_s": 0.3})
    assert ask("GET", "leads").elapsed >= timedelta(seconds=0.3)


def test_a_conflict_comes_without_its_code(door: Ask, ask: Ask, session: requests.Session) -> None:
    door("POST", "faults", {"method": "PATCH", "body": "empty-code", "count": None})
    lead = ask("POST", "leads", {"lastname": "Durand"}).json()["leadid"]
    url = ask("GET", "leads").url + f"({lead})"
    headers = dict(ask("GET", "leads").request.headers) | {"If-Match": 'W/"1"'}
    answer = session.patch(url, json={"lastname": "Dupont"}, headers=headers, timeout=10)
    assert (answer.status_code, answer.json()["error"]["code"]) == (412, "")


def test_limits_are_off_until_they_are_asked_for_and_lifted_again(door: Ask, ask: Ask) -> None:
    assert door("GET", "limits").json() is None
    assert door("POST", "limits", {"requests": 2}).json()["concurrent"] == 52
    assert [ask("GET", "leads").status_code for _ in range(3)] == [200, 200, 429]
    assert door("GET", "requests").json()[-1]["retry_after_s"] == 300
    door("POST", "clock", {"forward_s": 300})
    assert ask("GET", "leads").status_code == 200
    door("DELETE", "limits")
    assert [ask("GET", "leads").status_code for _ in range(5)] == [200] * 5


@pytest.mark.parametrize("content", [{"requests": 0}, {"requsts": 1}, {"requests": "many"}, [1]])
def test_limits_that_cannot_be_read_are_refused(content: Any, door: Ask) -> None:
    assert door("POST", "limits", content).status_code == 400
    assert door("GET", "limits").json() is None


def test_a_clock_set_back_does_not_leave_the_limits_in_the_future(door: Ask, ask: Ask) -> None:
    door("POST", "limits", {"requests": 1})
    assert [ask("GET", "leads").status_code for _ in range(2)] == [200, 429]
    door("POST", "clock", {"at": "2020-01-01T00:00:00Z"})
    assert ask("GET", "leads").status_code == 200


def test_a_reset_brings_back_the_rows_of_the_start_and_keeps_definitions_and_clock(door: Ask, ask: Ask) -> None:
    table = {
        "@odata.type": "Microsoft.Dynamics.CRM.EntityMetadata",
        "SchemaName": "new_Visit",
        "DisplayName": label("Visit"),
        "DisplayCollectionName": label("Visits"),
        "OwnershipType": "UserOwned",
        "HasNotes": False,
        "HasActivities": False,
        "Attributes": [
            {
                "@odata.type": "Microsoft.Dynamics.CRM.StringAttributeMetadata",
                "AttributeType": "String",
                "SchemaName": "new_Name",
                "DisplayName": label("Name"),
                "MaxLength": 100,
                "IsPrimaryName": True,
                "RequiredLevel": {"Value": "None"},
            }
        ],
    }
    assert ask("POST", "EntityDefinitions", table).status_code in (200, 201, 204)
    user = ask("GET", "WhoAmI").json()["UserId"]
    assert ask("POST", "new_visits", {"new_name": "one"}).status_code == 201
    assert ask("POST", "leads", {"lastname": "Durand"}).status_code == 201
    door("POST", "clock", {"at": "2027-01-01T00:00:00Z"})
    door("POST", "limits", {"requests": 10})
    door("POST", "faults", {"status": 503, "path": "contacts"})
    assert door("POST", "reset").status_code == 200
    assert door("GET", "requests").json() == door("GET", "faults").json() == []
    assert door("GET", "limits").json() is None
    assert (ask("GET", "leads").json()["value"], ask("GET", "new_visits").json()["value"]) == ([], [])
    assert [row["systemuserid"] for row in ask("GET", "systemusers").json()["value"]] == [user]
    assert ask("GET", "contacts").status_code == 200
    assert door("GET", "clock").json()["now"] == "2027-01-01T00:00:00+00:00"
    assert ask("POST", "new_visits", {"new_name": "one"}).status_code == 201


def test_a_reset_brings_back_the_limits_of_the_start(session: requests.Session) -> None:
    with running_emulator(limits=ProtectionLimits(requests=2)) as running:
        url = running.addresses.dataverse_url
        session.delete(f"{url}/_emulator/limits", timeout=10)
        session.post(f"{url}/_emulator/reset", timeout=10)
        asked = [session.get(f"{url}/api/data/v9.2/leads", headers=bearer(running), timeout=10) for _ in range(3)]
        assert [answer.status_code for answer in asked] == [200, 200, 429]


def label(text: str) -> dict[str, Any]:
    return {"LocalizedLabels": [{"Label": text, "LanguageCode": 1033}]}


@pytest.mark.parametrize(("method", "name"), [("PUT", "faults"), ("DELETE", "reset"), ("GET", "x"), ("GET", "stats/1")])
def test_a_door_that_is_not_there_is_refused_by_name(method: str, name: str, door: Ask) -> None:
    answer = door(method, name)
    assert (answer.status_code, answer.json()) == (
        501,
        {"error": f"The emulator does not do {method} /_emulator/{name}."},
    )


def test_faults_and_limits_never_close_the_doors(door: Ask) -> None:
    door("POST", "faults", {"status": 503, "count": None})
    door("POST", "limits", {"requests": 1})
    assert [door("GET", "stats").status_code for _ in range(3)] == [200, 200, 200]


def test_a_body_that_is_not_json_is_refused(running: RunningEmulator, session: requests.Session) -> None:
    url = f"{running.addresses.dataverse_url}/_emulator/clock"
    assert session.post(url, data=b"{", timeout=10).status_code == 400
