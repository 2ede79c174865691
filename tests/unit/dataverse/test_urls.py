"""The token goes to one known host; a link that leads elsewhere is never followed."""

import pytest

from dataverse import ConfigurationError, PagingError
from dataverse.urls import path_of_link, service_origin

ORIGIN = "https://contoso.crm12.dynamics.com"
ROOT = f"{ORIGIN}/api/data/v9.2/"

HOSTILE_LINKS = [
    "https://evil.example/api/data/v9.2/leads",
    "http://contoso.crm12.dynamics.com/api/data/v9.2/leads",
    "https://contoso.crm12.dynamics.com.evil/api/data/v9.2/leads",
    "https://evilcontoso.crm12.dynamics.com/api/data/v9.2/leads",
    "https://contoso.crm12.dynamics.com@evil.example/api/data/v9.2/leads",
    "https://user:pw@contoso.crm12.dynamics.com/api/data/v9.2/leads",
    "https://@contoso.crm12.dynamics.com/api/data/v9.2/leads",
    "https://contoso.crm12.dynamics.com:8443/api/data/v9.2/leads",
    "https://contoso.crm12.dynamics.com:x/api/data/v9.2/leads",
    "https://10.0.0.1/api/data/v9.2/leads",
    "https://[::1]/api/data/v9.2/leads",
    "https://contoso.crm12.dynamics.com\\@evil.example/api/data/v9.2/leads",
    "\\\\evil.example/api/data/v9.2/leads",
    "//evil.example/api/data/v9.2/leads",
    "/api/data/v8.0/leads",
    "/leads",
    "../leads",
    "../../../api/data/v9.2",
    "%2e%2e/leads",
    "./%2E%2e/x",
    "https:leads",
    "https:/api/data/v9.2/leads",
    "leads:8080",
    "?\r\nHost: evil.example",
    "https://contoso.crm12.dynamics.com/api/data/v9.2/",
    "https:///api/data/v9.2/leads",
    "https://contoso.crm12.dynamics.com./api/data/v9.2/leads",
    "https://contoso.crm12.dynamics.com/leads",
    "https://contoso.crm12.dynamics.com/api/data/v9.2/../../../x",
    "https://contoso.crm12.dynamics.com/api/data/v9.2/%2e%2e/%2E%2e/x",
    "https://contoso.crm12.dynamics.com/api/data/v9.2/..%2f..%5cx",
    "https://contoso.crm12.dynamics.com/api/data/v9.2//evil.example",
    "https://contoso.crm12.dynamics.com/api/data/v9.2/leads#x",
    "https://contoso.crm12.dynamics.com/api/data/v9.2/leads\r\nHost: evil.example",
    " https://contoso.crm12.dynamics.com/api/data/v9.2/leads",
    "https://contoso.crm12.dynamics.com/api/data/v9.2/le\tads",
    "https://contoso.crm12.dynamics.cöm/api/data/v9.2/leads",
    "javascript:alert(1)",
    "file:///etc/passwd",
    "",
    None,
    7,
    ["https://contoso.crm12.dynamics.com/api/data/v9.2/leads"],
]


@pytest.mark.parametrize("link", HOSTILE_LINKS)
def test_a_hostile_link_is_refused_and_not_shown(link: object) -> None:
    with pytest.raises(PagingError) as raised:
        path_of_link(link, ORIGIN)
    assert "evil" not in str(raised.value)


@pytest.mark.parametrize(
    "rest",
    [
        "leads?$select=a&$skiptoken=%3Ccookie%20pagenumber=%222%22%20/%3E",
        "leads?$skiptoken=%253Ccookie%2520pagenumber%253D%25222%2522",
        "leads?$deltatoken=919042%2108%2f22%2f2017%2008%3a10%3a44",
        "leads(60c4e274-0d87-e711-80e5-00155db19e6d)/rel",
        "leads?x=../../y",
    ],
)
def test_what_follows_the_root_is_kept_to_the_letter(rest: str) -> None:
    assert path_of_link(ROOT + rest, ORIGIN) == rest


@pytest.mark.parametrize(
    ("link", "request_path", "path"),
    [
        ("leads?$skiptoken=%3Ccookie%20/%3E", "leads?$select=a", "leads?$skiptoken=%3Ccookie%20/%3E"),
        ("?$skiptoken=2", "leads?$select=a", "leads?$skiptoken=2"),
        ("/api/data/v9.2/leads?x=../../y", "leads", "leads?x=../../y"),
        ("contacts?$skiptoken=a:b", f"leads({'0' * 8})/rel?$top=1", f"leads({'0' * 8})/contacts?$skiptoken=a:b"),
        ("//contoso.crm12.dynamics.com/api/data/v9.2/leads?x=1", "leads", "leads?x=1"),
        ("../v9.2/leads?x=1", "leads", "leads?x=1"),
    ],
)
def test_a_relative_link_is_resolved_against_its_request(link: str, request_path: str, path: str) -> None:
    assert path_of_link(link, ORIGIN, request_path) == path


def test_a_refusal_names_the_request_it_belongs_to() -> None:
    with pytest.raises(PagingError, match=r"^id-1: .*GET leads"):
        path_of_link("https://evil.example", ORIGIN, request_id="id-1", about="GET leads")


def test_case_of_host_and_default_port_do_not_matter() -> None:
    assert path_of_link("HTTPS://Contoso.CRM12.dynamics.com:443/api/data/v9.2/leads?x=1", ORIGIN) == "leads?x=1"


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://Contoso.crm12.dynamics.com/", ORIGIN),
        ("https://contoso.crm12.dynamics.com:443", ORIGIN),
        ("https://contoso.crm.microsoftdynamics.us", "https://contoso.crm.microsoftdynamics.us"),
        ("https://contoso.crm.appsplatform.us", "https://contoso.crm.appsplatform.us"),
        ("https://contoso.crm.dynamics.cn", "https://contoso.crm.dynamics.cn"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("http://localhost:8080/", "http://localhost:8080"),
        ("https://[::1]:8443", "https://[::1]:8443"),
    ],
)
def test_an_environment_is_known_by_its_host(url: str, origin: str) -> None:
    assert service_origin(url) == origin


@pytest.mark.parametrize(
    "url",
    [
        "",
        "contoso.crm12.dynamics.com",
        "http://contoso.crm12.dynamics.com",
        "ftp://localhost",
        "https://evil.example",
        "https://dynamics.com",
        "https://evildynamics.com",
        "https://contoso.crm12.dynamics.com.evil.example",
        "https://contoso.crm12.dynamics.com.",
        "https://contoso.crm12.dynamics.com:8443",
        "https://user@contoso.crm12.dynamics.com",
        "https://contoso.crm12.dynamics.com@evil.example",
        "https://contoso.crm12.dynamics.com/api/data",
        "https://contoso.crm12.dynamics.com?x=1",
        "https://contoso.crm12.dynamics.com?",
        "https://contoso.crm12.dynamics.com/#x",
        "https://contoso.crm12.dynamics.com\\.evil.example",
        "https://cont\noso.crm12.dynamics.com",
        "https://127.0.0.2",
        "http://169.254.169.254",
        "http://127.0.0.1.nip.io",
        "https://-.dynamics.com",
    ],
)
def test_any_other_host_or_form_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationError):
        service_origin(url)
