"""SEC16: no call without timeouts and without a verified certificate can be made, nor be written."""

import ast
import math
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
import trustme

import dataverse
from dataverse import ConfigurationError, DataverseClient, Limits, StaticToken, UnavailableError, new_session
from tests.unit.dataverse.test_transport import OK, ONE, Peer, send

ROOT = Path(dataverse.__file__).parents[1]
OF_REQUESTS = {"get", "post", "put", "patch", "delete", "head", "options", "request", "Session", "session"}


def calls(*packages: str) -> Iterator[tuple[Path, ast.Call, str]]:
    """Every call of the packages, with what is called as it is written."""
    for path in [file for package in packages for file in sorted((ROOT / package).rglob("*.py"))]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                yield path, node, ast.unparse(node.func)


def test_no_code_calls_requests_by_itself_or_makes_a_session_of_its_own() -> None:
    for path, node, called in calls("dataverse", "connector", "admin"):
        module, _, name = called.rpartition(".")
        assert not (module == "requests" and name in OF_REQUESTS), f"{path.name}:{node.lineno}"
        assert not (name == "BoundedSession" and path.name != "transport.py"), f"{path.name}:{node.lineno}"


def test_no_code_turns_verification_off() -> None:
    for path, node, _ in calls("dataverse", "connector", "admin"):
        for keyword in node.keywords:
            off = isinstance(keyword.value, ast.Constant) and not keyword.value.value
            assert not (keyword.arg == "verify" and off), f"{path.name}:{node.lineno}"


def test_the_one_call_that_leaves_names_its_timeout_its_verification_and_no_redirect() -> None:
    (leaving,) = [node for _, node, called in calls("dataverse") if called == "self._session.send"]
    named = {keyword.arg: ast.unparse(keyword.value) for keyword in leaving.keywords}
    assert named["allow_redirects"] == "False"
    assert {"timeout", "verify"} <= named.keys()


def test_msal_goes_through_our_transport() -> None:
    made = [
        node
        for _, node, called in calls("dataverse")
        if called.startswith("msal.") and called.endswith(("Client", "Application"))
    ]
    assert len(made) == 2
    assert all("http_client" in {keyword.arg for keyword in node.keywords} for node in made)


@pytest.mark.parametrize(
    "timeout", [None, 5, (5, None), (None, 5), (5, 0), (-1, 5), (5, math.inf), (math.nan, 5), (5,)]
)
def test_a_session_refuses_a_call_that_could_wait_for_ever(timeout: object) -> None:
    with new_session(1) as session, pytest.raises(ConfigurationError, match="timeout"):
        session.get("https://contoso.crm12.dynamics.com", timeout=timeout)  # type: ignore[arg-type]  # the case


def test_a_session_refuses_a_call_that_names_no_timeout() -> None:
    with new_session(1) as session, pytest.raises(ConfigurationError, match="timeout"):
        session.get("https://contoso.crm12.dynamics.com")


@pytest.mark.parametrize("of_session", [True, False])
def test_a_session_refuses_a_call_that_verifies_nothing(of_session: bool) -> None:
    with new_session(1) as session:
        session.verify = not of_session
        request = session.prepare_request(requests.Request("GET", "https://contoso.crm12.dynamics.com"))
        options = {} if of_session else {"verify": False}
        with pytest.raises(ConfigurationError, match="verify"):
            session.send(request, timeout=(5, 5), **options)


class TlsPeer(Peer):
    """A peer whose certificate an authority of its own has signed."""

    def __init__(self, authority: trustme.CA, host: str) -> None:
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(host).configure_cert(self._context)
        super().__init__([send(OK)])

    @property
    def url(self) -> str:
        return super().url.replace("http://", "https://")

    def _serve(self) -> None:
        listener = self._listener
        try:
            connection, _ = listener.accept()
            with self._context.wrap_socket(connection, server_side=True) as secured:
                self.received.append(secured.recv(65_536))
                self.scripts[0](secured)
        except OSError:
            return


def ask(peer: Peer, ca_bundle: str | None) -> object:
    limits = Limits(attempts=1, read_timeout_s=5)
    with DataverseClient(peer.url, StaticToken("canary"), limits=limits, ca_bundle=ca_bundle) as client:
        return client.send(ONE).row


@pytest.mark.parametrize(("trusted", "host"), [(False, "127.0.0.1"), (True, "elsewhere.example")])
def test_a_server_that_cannot_prove_itself_never_sees_the_token(tmp_path: Path, trusted: bool, host: str) -> None:
    authority = trustme.CA()
    (tmp_path / "ca.pem").write_bytes(authority.cert_pem.bytes())
    peer = TlsPeer(authority, host)
    with pytest.raises(UnavailableError, match="SSLError"):
        ask(peer, str(tmp_path / "ca.pem") if trusted else None)
    assert peer.received == []
    peer.close()


def test_a_server_is_trusted_by_the_authority_that_was_given(tmp_path: Path) -> None:
    authority = trustme.CA()
    (tmp_path / "ca.pem").write_bytes(authority.cert_pem.bytes())
    peer = TlsPeer(authority, "127.0.0.1")
    assert ask(peer, str(tmp_path / "ca.pem")) == {"a": 1}
    peer.close()
