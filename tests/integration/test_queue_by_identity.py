"""The queues, reached without a key: the real SDK over https, with a token of the app's managed identity."""

import secrets
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from connector.errors import QueueError, SettingsError
from connector.messages import LEAD_CHANGES
from connector.storage_queue import StorageQueue
from dataverse import ManagedIdentity, UnavailableError
from dataverse.urls import STORAGE_RESOURCE
from emulator.clock import EmulatorClock
from emulator.identity import IssuedTokens
from emulator.identity import ManagedIdentity as IdentityEndpoint
from emulator.identity.managed_identity import APP_SERVICE_PATH
from emulator.local_ca import LocalAuthority
from emulator.queue_service import QueueService
from emulator.server import Server
from emulator.web_api import Request, Response, utc_now

CLIENT_ID = "c015df52-a05f-ee11-a382-000d3a64db73"


@dataclass
class Account:
    """A storage account that takes tokens alone, and what it was asked."""

    uri: str
    ca_bundle: str
    tokens: IssuedTokens
    asked: list[Request]

    def queue(self, client_id: str | None = None) -> StorageQueue:
        identity = ManagedIdentity(STORAGE_RESOURCE, client_id=client_id)
        return StorageQueue(self.uri, identity, ca_bundle=self.ca_bundle)


@pytest.fixture
def account(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Account]:
    clock, header, asked = EmulatorClock(utc_now), secrets.token_urlsafe(24), list[Request]()
    tokens = IssuedTokens(clock)
    service = QueueService(clock, is_good_token=tokens.is_good)

    def handle(request: Request) -> Response:
        asked.append(request)
        return service.handle(request)

    authority, ca_file = LocalAuthority(), tmp_path / "ca.pem"
    authority.write(ca_file)
    with ExitStack() as stack:
        endpoint = IdentityEndpoint(STORAGE_RESOURCE, tokens, header, [CLIENT_ID])
        identity = stack.enter_context(Server(endpoint.handle))
        queues = stack.enter_context(Server(handle, tls=authority.server_context()))
        monkeypatch.setenv("IDENTITY_ENDPOINT", identity.url + APP_SERVICE_PATH)
        monkeypatch.setenv("IDENTITY_HEADER", header)
        yield Account(f"{queues.url}/devstoreaccount1", str(ca_file), tokens, asked)


@pytest.mark.parametrize("client_id", [None, CLIENT_ID], ids=["system-assigned", "user-assigned"])
def test_messages_are_sent_taken_given_back_and_deleted(account: Account, client_id: str | None) -> None:
    queue = account.queue(client_id)
    queue.send(LEAD_CHANGES, "x")
    (taken,) = queue.take(LEAD_CHANGES, at_most=1, lease_s=600)
    queue.release(taken)
    (again,) = queue.take(LEAD_CHANGES, at_most=1, lease_s=600)
    queue.delete(again)
    assert (again.text, queue.waiting(LEAD_CHANGES)) == ("x", 0)
    assert all(request.headers["Authorization"].startswith("Bearer ") for request in account.asked)


def test_one_token_serves_many_calls(account: Account) -> None:
    queue = account.queue()
    for _ in range(5):
        queue.send(LEAD_CHANGES, "x")
    assert len({request.headers["Authorization"] for request in account.asked}) == 1


def test_a_token_that_is_not_good_is_a_queue_error_without_the_token(account: Account) -> None:
    queue = account.queue()
    queue.send(LEAD_CHANGES, "x")
    account.tokens.revoke_all()
    with pytest.raises(QueueError, match=r"^queue leadgate-lead-changes: ClientAuthenticationError$"):
        queue.send(LEAD_CHANGES, "x")


def test_an_identity_that_is_not_there_is_a_queue_error(account: Account) -> None:
    with pytest.raises(QueueError, match="ClientAuthenticationError"):
        account.queue("another").send(LEAD_CHANGES, "x")
    assert account.asked == []


def test_an_identity_endpoint_that_is_down_is_tried_again_by_the_sdk(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("azure.storage.queue._shared.policies.StorageRetryPolicy.sleep", lambda *_: None)

    class Down:
        asked = 0

        def token(self, *, fresh: bool = False) -> str:  # noqa: ARG002  there is none to give
            self.asked += 1
            raise UnavailableError(about="identity", status=503)

    down = Down()
    with pytest.raises(QueueError, match="ServiceRequestError"):
        StorageQueue(account.uri, down, ca_bundle=account.ca_bundle).send(LEAD_CHANGES, "x")
    assert down.asked == 3


def test_without_https_no_token_leaves(account: Account) -> None:
    plain = account.uri.replace("https://", "http://")
    with pytest.raises(SettingsError, match="https"):
        StorageQueue(plain, ManagedIdentity(STORAGE_RESOURCE))
    assert account.asked == []
