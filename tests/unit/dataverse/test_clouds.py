"""Each cloud logs in at its own address, known by the environment's host."""

import pytest
import responses

from dataverse import ClientSecret, ConfigurationError
from dataverse.clouds import authority_of, checked_authority
from tests.unit.dataverse.test_client_secret import TENANT, knows_the_tenant


@pytest.mark.parametrize(
    ("origin", "authority"),
    [
        ("https://contoso.crm.dynamics.com", "https://login.microsoftonline.com"),
        ("https://contoso.crm12.dynamics.com", "https://login.microsoftonline.com"),
        ("https://contoso.crm9.dynamics.com", "https://login.microsoftonline.com"),
        ("https://contoso.crm.microsoftdynamics.us", "https://login.microsoftonline.us"),
        ("https://contoso.crm.appsplatform.us", "https://login.microsoftonline.us"),
        ("https://contoso.crm.dynamics.cn", "https://login.chinacloudapi.cn"),
        ("https://localhost:8443", "https://login.microsoftonline.com"),
    ],
)
def test_an_environment_logs_in_where_its_cloud_does(
    service: responses.RequestsMock, origin: str, authority: str
) -> None:
    assert authority_of(origin) == authority
    base = f"{authority}/{TENANT}"
    knows_the_tenant(service, base)
    service.post(f"{base}/oauth2/v2.0/token", json={"expires_in": 3_599, "access_token": "token"})
    assert ClientSecret(TENANT, "app-id", "secret", origin).token() == "token"
    assert f"{origin}/.default".replace("/", "%2F").replace(":", "%3A") in service.calls[-1].request.body.decode()


@pytest.mark.parametrize("authority", ["https://login.example", "https://login.example/", "https://localhost:8443"])
def test_an_authority_is_a_host_over_https(authority: str) -> None:
    assert checked_authority(authority) == authority.rstrip("/")


@pytest.mark.parametrize(
    "authority", ["", "http://login.example", "login.example", "https://", "https://a@b", "https://a/b", "https://a?b"]
)
def test_any_other_authority_is_refused(authority: str) -> None:
    with pytest.raises(ConfigurationError):
        checked_authority(authority)
