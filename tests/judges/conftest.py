from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from emulator.running_identity import IdentityOptions

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
    """An emulated environment over https that takes only tokens of its own identity endpoint."""
    if not (DATAVERSE_CLIENT / "PowerPlatform").is_dir():
        pytest.skip("Microsoft's client is not installed: run `make judges`")
    with running_emulator(https=True, identity=IdentityOptions()) as running:
        yield running


@pytest.fixture(scope="session")
def client(environment: RunningEmulator) -> Iterator[MicrosoftClient]:
    """Microsoft's client, connected."""
    with microsoft_client(connection(environment), environment.addresses.ca_file) as client:
        yield client


@pytest.fixture
def company() -> str:
    """A company name that no other test uses: its rows are the test's own."""
    return f"Klint {uuid4()}"
