"""Settings are read at once or refused at once, and no secret of theirs is ever shown."""

import copy
import pickle
import traceback
from collections.abc import Mapping
from uuid import UUID

import pytest

from connector.errors import SettingsError
from connector.settings import Settings

CANARY = "canary-canary-canary-canary-canary"
LOCAL = {
    "DATAVERSE_URL": "http://127.0.0.1:8765",
    "DATAVERSE_AUTH": "static-token",
    "DATAVERSE_STATIC_TOKEN": f"{CANARY}-token",
    "AzureWebJobsStorage": f"AccountName=leadgate;AccountKey={CANARY}-key",
    "APPLICATIONINSIGHTS_CONNECTION_STRING": f"InstrumentationKey={CANARY}",
    "WEBHOOK_SECRETS": f"{CANARY}-new,{CANARY}-old",
}
CLOUD = {
    "DATAVERSE_URL": "https://contoso.crm12.dynamics.com/",
    "DATAVERSE_AUTH": "client-secret",
    "AZURE_TENANT_ID": "b015df52-a05f-ee11-a382-000d3a64db73",
    "AZURE_CLIENT_ID": "c015df52-a05f-ee11-a382-000d3a64db73",
    "AZURE_CLIENT_SECRET": f"{CANARY}-client",
    "AzureWebJobsStorage": f"AccountName=leadgate;AccountKey={CANARY}-key",
    "DATAVERSE_ORGANIZATION_ID": "B015DF52-A05F-EE11-A382-000D3A64DB73",
}


def problems(environment: Mapping[str, str]) -> list[str]:
    with pytest.raises(SettingsError) as refused:
        Settings.from_environment(environment)
    return list(refused.value.problems)


def test_an_environment_in_the_cloud() -> None:
    settings = Settings.from_environment(
        {**CLOUD, "DEFAULT_TIME_ZONE": "Europe/Paris", "TEXT_ACCENT_SENSITIVE": "True"}
    )
    assert settings.dataverse_url == "https://contoso.crm12.dynamics.com"
    assert (settings.auth, settings.client_secret) == ("client-secret", f"{CANARY}-client")
    assert settings.organization_id == UUID("b015df52-a05f-ee11-a382-000d3a64db73")
    assert (settings.default_time_zone, settings.text_accent_sensitive, settings.mode) == ("Europe/Paris", True, "live")


def test_an_environment_on_this_machine() -> None:
    settings = Settings.from_environment(LOCAL)
    assert (settings.dataverse_url, settings.auth) == ("http://127.0.0.1:8765", "static-token")
    assert settings.webhook_secrets == (f"{CANARY}-new", f"{CANARY}-old")
    assert (settings.default_time_zone, settings.text_accent_sensitive) == ("UTC", False)


def test_white_space_around_a_value_is_not_part_of_it() -> None:
    padded = {name: f"  {value}\n" for name, value in CLOUD.items()}
    assert Settings.from_environment(padded) == Settings.from_environment(CLOUD)


def test_an_app_without_webhook_secret_or_organisation_starts_and_lets_nobody_in() -> None:
    settings = Settings.from_environment({**LOCAL, "WEBHOOK_SECRETS": " , ,"})
    assert (settings.webhook_secrets, settings.organization_id) == ((), None)


def test_an_empty_environment_names_everything_it_lacks() -> None:
    found = problems({})
    assert [problem.partition(" ")[0].rstrip(":") for problem in found] == [
        "DATAVERSE_URL",
        "AzureWebJobsStorage",
    ]


def test_every_problem_is_named_at_once() -> None:
    found = problems(
        {
            "DATAVERSE_URL": "ftp://x",
            "DATAVERSE_AUTH": "client-secret",
            "AzureWebJobsStorage": "nonsense",
            "WEBHOOK_SECRETS": "a,b,c",
            "DATAVERSE_ORGANIZATION_ID": "x",
            "DEFAULT_TIME_ZONE": "Paris",
            "TEXT_ACCENT_SENSITIVE": "yes",
            "LEADGATE_MODE": "on",
        }
    )
    named = {problem.partition(" ")[0].rstrip(":") for problem in found}
    assert named == {
        "DATAVERSE_URL",
        "AZURE_TENANT_ID",
        "AZURE_CLIENT_ID",
        "AZURE_CLIENT_SECRET",
        "AzureWebJobsStorage",
        "WEBHOOK_SECRETS",
        "DATAVERSE_ORGANIZATION_ID",
        "DEFAULT_TIME_ZONE",
        "TEXT_ACCENT_SENSITIVE",
        "LEADGATE_MODE",
    }


ADDRESSES = [
    "contoso.crm12.dynamics.com",
    "http://contoso.crm12.dynamics.com",
    "https://contoso.crm12.dynamics.com/api/data",
    "https://contoso.crm12.dynamics.com?x=1",
    "https://contoso.crm12.dynamics.com#x",
    "https://user:canary@contoso.crm12.dynamics.com",
    "https://contoso.crm12.dynamics.com:8443",
    "https://contoso.crm12.dynamics.com.evil.example",
    "https://evil.example",
    "https://[::1",
    "http://127.0.0.1:port",
    "http://127.0.0.1.evil.example",
    "https://",
    "http://169.254.169.254",
]


@pytest.mark.parametrize("address", ADDRESSES)
def test_an_address_that_is_not_one_of_dataverse_is_named_and_not_repeated(address: str) -> None:
    found = problems({**CLOUD, "DATAVERSE_URL": address})
    assert len(found) == 1
    assert found[0].startswith("DATAVERSE_URL")
    assert address not in found[0]


@pytest.mark.parametrize("address", ["https://contoso.crm12.dynamics.com", "http://10.0.0.1", "https://[::1"])
def test_a_static_token_goes_nowhere_but_to_this_machine(address: str) -> None:
    assert problems({**LOCAL, "DATAVERSE_URL": address})


@pytest.mark.parametrize("address", ["http://localhost:8765", "http://[::1]:8765", "https://127.0.0.1"])
def test_a_static_token_is_for_every_loopback_address(address: str) -> None:
    assert Settings.from_environment({**LOCAL, "DATAVERSE_URL": address}).dataverse_url == address


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        (
            {"DATAVERSE_AUTH": "password"},
            "DATAVERSE_AUTH must be managed-identity, certificate, client-secret or static-token",
        ),
        (
            {"DATAVERSE_AUTH": "certificate", "AZURE_TENANT_ID": "t", "AZURE_CLIENT_ID": "c"},
            "AZURE_CLIENT_CERTIFICATE_PATH is missing (DATAVERSE_AUTH is certificate)",
        ),
        ({"DATAVERSE_STATIC_TOKEN": " "}, "DATAVERSE_STATIC_TOKEN is missing (DATAVERSE_AUTH is static-token)"),
    ],
)
def test_what_is_not_built_or_not_there_is_refused_by_name(changed: dict[str, str], problem: str) -> None:
    assert problems({**LOCAL, **changed}) == [problem]


QUEUES = "AzureWebJobsStorage__queueServiceUri"
BY_IDENTITY = {"AzureWebJobsStorage": "", QUEUES: "https://leadgate.queue.core.windows.net/"}
MANAGED = {"AzureWebJobsStorage__credential": "managedidentity"}
CLIENT = {"AzureWebJobsStorage__clientId": "c015df52-a05f-ee11-a382-000d3a64db73"}


@pytest.mark.parametrize("more", [{}, MANAGED, MANAGED | CLIENT], ids=["system", "system, said", "user-assigned"])
def test_the_queues_can_be_reached_by_identity(more: dict[str, str]) -> None:
    settings = Settings.from_environment({**LOCAL, **BY_IDENTITY, **more})
    assert (settings.storage, settings.queue_service_uri) == ("", "https://leadgate.queue.core.windows.net")
    assert settings.storage_client_id == more.get("AzureWebJobsStorage__clientId", "")


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        (BY_IDENTITY | CLIENT, "AzureWebJobsStorage__credential is missing (AzureWebJobsStorage__clientId is set)"),
        (
            BY_IDENTITY | {"AzureWebJobsStorage__credential": "ManagedIdentity2"},
            "AzureWebJobsStorage__credential must be",
        ),
        ({"AzureWebJobsStorage": ""} | MANAGED, f"{QUEUES} is missing (https://<account>.queue.core.windows.net)"),
        ({QUEUES: BY_IDENTITY[QUEUES]}, f"AzureWebJobsStorage is a connection string and {QUEUES} is set too"),
        (MANAGED, "AzureWebJobsStorage is a connection string and AzureWebJobsStorage__credential is set too"),
        ({"AzureWebJobsStorage": ""}, f"AzureWebJobsStorage is missing (a connection string, or {QUEUES})"),
    ],
)
def test_half_an_identity_or_one_too_many_is_refused_by_name(changed: dict[str, str], problem: str) -> None:
    (found,) = problems({**LOCAL, **changed})
    assert found.startswith(problem)


@pytest.mark.parametrize(
    "uri",
    [
        "http://leadgate.queue.core.windows.net",
        "leadgate.queue.core.windows.net",
        "https://leadgate.blob.core.windows.net",
        "https://leadgate.queue.core.windows.net.evil.example",
        "https://canary@leadgate.queue.core.windows.net",
        "https://leadgate.queue.core.windows.net/path",
        "https://leadgate.queue.core.windows.net:8443",
        "https://leadgate.queue.core.windows.net?sig=canary",
        "https://evil.example",
        "https://[::1",
        "http://127.0.0.1:10001/devstoreaccount1",
    ],
)
def test_our_token_goes_over_https_to_azure_storage_alone(uri: str) -> None:
    (found,) = problems({**LOCAL, **BY_IDENTITY, QUEUES: uri})
    assert found == f"{QUEUES} must be https://<account>.queue.core.windows.net"


@pytest.mark.parametrize(
    "uri",
    [
        "https://leadgate.queue.core.usgovcloudapi.net",
        "https://leadgate.queue.core.chinacloudapi.cn",
        "https://leadgate.z01.queue.storage.azure.net",
        "https://127.0.0.1:10001/devstoreaccount1",
    ],
)
def test_national_clouds_zones_and_this_machine_are_azure_storage_too(uri: str) -> None:
    assert Settings.from_environment({**LOCAL, **BY_IDENTITY, QUEUES: uri}).queue_service_uri == uri


@pytest.mark.parametrize(
    "zone",
    [
        "Paris",
        "europe/paris",
        "localtime",
        "posixrules",
        "right/Europe/Paris",
        "../etc/passwd",
        "/etc/localtime",
        "Europe",
    ],
)
def test_a_time_zone_is_one_that_a_published_version_can_name(zone: str) -> None:
    found = problems({**LOCAL, "DEFAULT_TIME_ZONE": zone})
    assert found == ["DEFAULT_TIME_ZONE is not an IANA time zone (for example Europe/Paris)"]


@pytest.mark.parametrize(
    "secret", ["x" * 31, "x" * 31 + " ", "x" * 40 + "é", "@Microsoft.KeyVault(SecretUri=https://x/y)" + "x" * 9]
)
def test_a_webhook_secret_is_at_least_32_url_safe_characters(secret: str) -> None:
    assert problems({**LOCAL, "WEBHOOK_SECRETS": f"{CANARY},{secret}"}) == [
        "WEBHOOK_SECRETS: each secret is at least 32 URL-safe characters"
    ]


@pytest.mark.parametrize(("text", "mode"), [("live", "live"), ("", "live"), ("dry-run", "dry-run"), ("off", "off")])
def test_the_mode(text: str, mode: str) -> None:
    assert Settings.from_environment({**LOCAL, "LEADGATE_MODE": text}).mode == mode


@pytest.mark.parametrize("environment", [LOCAL, CLOUD])
def test_no_secret_is_in_what_settings_show(environment: dict[str, str]) -> None:
    settings = Settings.from_environment(environment)
    for shown in (repr(settings), str(settings), f"{settings}", f"{[settings]}"):
        assert "canary" not in shown


def test_settings_are_not_pickled_nor_copied_by_what_pickles() -> None:
    settings = Settings.from_environment(LOCAL)
    for keep in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="not pickled"):
            keep(settings)


def test_no_value_is_in_the_problems_however_they_are_shown() -> None:
    spoiled = dict.fromkeys(
        (*LOCAL, *CLOUD, "DEFAULT_TIME_ZONE", "LEADGATE_MODE", "TEXT_ACCENT_SENSITIVE"), f"{CANARY} é"
    )
    with pytest.raises(SettingsError) as refused:
        Settings.from_environment(spoiled)
    shown = "".join(traceback.format_exception(refused.value))
    assert len(refused.value.problems) >= 6
    for text in (str(refused.value), repr(refused.value), shown, repr(pickle.dumps(refused.value.args))):
        assert "canary" not in text


def test_without_a_word_on_it_the_app_uses_its_managed_identity() -> None:
    found = Settings.from_environment({**LOCAL, "DATAVERSE_AUTH": "", "DATAVERSE_STATIC_TOKEN": ""})
    assert (found.auth, found.client_id) == ("managed-identity", "")
