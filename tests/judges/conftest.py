from collections.abc import Iterator, Mapping
from pathlib import Path
from uuid import uuid4

import pytest

from emulator.identity import IdentityOptions
from emulator.running import RunningEmulator, running_emulator
from tests.judges.running_client import DATAVERSE_CLIENT, MicrosoftClient, microsoft_client
from tests.judges.running_worker import FUNCTIONS_WORKER, RunningWorker


@pytest.fixture
def worker(tmp_path: Path) -> RunningWorker:
    if not (FUNCTIONS_WORKER / "azure_functions_runtime").is_dir():
        pytest.skip("Microsoft's worker code is not installed: run `make judges`")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    return RunningWorker(elsewhere)


@pytest.fixture(scope="session")
def environment() -> Iterator[RunningEmulator]:
    """An emulated environment over https, with its identity endpoints."""
    if not (DATAVERSE_CLIENT / "PowerPlatform").is_dir():
        pytest.skip("Microsoft's client is not installed: run `make judges`")
    with running_emulator(https=True, identity=IdentityOptions()) as running:
        yield running


@pytest.fixture(scope="session")
def ca_file(environment: RunningEmulator) -> Path:
    """Whom to trust."""
    assert environment.addresses.ca_file is not None
    return environment.addresses.ca_file


@pytest.fixture(scope="session")
def connection(environment: RunningEmulator) -> Mapping[str, str]:
    """What Microsoft's client and credential need to know."""
    identity = environment.addresses.identity
    assert identity is not None
    (application,) = identity.applications
    assert application.secret is not None
    return {
        "url": environment.addresses.dataverse_url,
        "authority": identity.authority,
        "tenant_id": identity.tenant_id,
        "client_id": application.client_id,
        "client_secret": application.secret,
    }


@pytest.fixture(scope="session")
def client(connection: Mapping[str, str], ca_file: Path) -> Iterator[MicrosoftClient]:
    """Microsoft's client, connected."""
    with microsoft_client(connection, ca_file) as client:
        yield client


@pytest.fixture
def company() -> str:
    """A company name that no other test uses: its rows are the test's own."""
    return f"Klint {uuid4()}"
