"""Microsoft's own client and credential, unchanged: what must hold before the first row is read."""

from collections.abc import Mapping
from pathlib import Path

import pytest
import trustme

from emulator.running import RunningEmulator
from tests.judges.running_client import ClientRaisedError, MicrosoftClient, microsoft_client


def first_rows(client: MicrosoftClient) -> list[object]:
    rows: list[object] = client("records.list", "lead", select=["lastname"], top=1)
    return rows


def test_its_credential_gets_a_token_that_the_web_api_takes(
    environment: RunningEmulator, client: MicrosoftClient
) -> None:
    assert environment.addresses.dataverse_url.startswith("https://")
    assert len(first_rows(client)) <= 1


def test_a_wrong_secret_is_refused_as_entra_does(
    environment: RunningEmulator, connection: Mapping[str, str], ca_file: Path
) -> None:
    with (
        microsoft_client({**connection, "client_secret": "wrong"}, ca_file) as client,
        pytest.raises(ClientRaisedError, match="AADSTS7000215") as refused,
    ):
        first_rows(client)
    assert refused.value.kind == "ClientAuthenticationError"


def test_a_certificate_of_nobody_it_trusts_is_refused(connection: Mapping[str, str], tmp_path: Path) -> None:
    stranger = tmp_path / "stranger.pem"
    trustme.CA().cert_pem.write_to_path(stranger)
    with (
        microsoft_client(connection, stranger) as client,
        pytest.raises(ClientRaisedError, match="CERTIFICATE_VERIFY_FAILED"),
    ):
        first_rows(client)
