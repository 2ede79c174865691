from collections.abc import Iterator, Mapping

import pytest

from dataverse import DataverseClient, Limits, StaticToken
from tests.contract.running_odatapy import ODATAPY, running_odatapy


@pytest.fixture(scope="session")
def services() -> Iterator[Mapping[str, str]]:
    """Addresses of odatapy by the form of its next links."""
    if not (ODATAPY / "odatapy").is_dir():
        pytest.skip("odatapy is not installed: run `make judges`")
    with running_odatapy() as services:
        yield services


@pytest.fixture
def client(services: Mapping[str, str]) -> Iterator[DataverseClient]:
    """A client that says at the first attempt what is wrong."""
    with DataverseClient(services["absolute"], StaticToken("unused"), limits=Limits(attempts=1)) as client:
        yield client
