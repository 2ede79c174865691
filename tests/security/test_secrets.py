"""No secret is shown by anything that holds it, and none is in the repository (SEC12)."""

import json
import math
import pickle
import re
import subprocess
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from admin.webhooks import Webhook
from connector.bootstrap import build
from connector.settings import Settings
from connector.storage_queue import StorageQueue
from dataverse import (
    ClientSecret,
    DataverseClient,
    ManagedIdentity,
    StaticToken,
    query,
)
from dataverse.transport import BearerToken, Call
from tests.world import ListQueue

ROOT = Path(__file__).resolve().parents[2]
URL = "http://127.0.0.1:1"
SECRET = "canary-0123456789abcdefghijklmnopqr"
KEY = "Y2FuYXJ5LWFjY291bnQta2V5"  # base64 of "canary-account-key"
STORAGE = f"AccountName=contoso;AccountKey={KEY};QueueEndpoint={URL}/contoso;DefaultEndpointsProtocol=http"
HELD = (SECRET, KEY, "canary-account-key")
ENVIRONMENT = {
    "DATAVERSE_URL": URL,
    "DATAVERSE_AUTH": "static-token",
    "DATAVERSE_STATIC_TOKEN": SECRET,
    "AZURE_CLIENT_SECRET": SECRET,
    "WEBHOOK_SECRETS": SECRET,
    "AzureWebJobsStorage": STORAGE,
}
ENTRA = "https://contoso.crm4.dynamics.com"

HOLDERS: Mapping[str, Callable[[], object]] = {
    "settings": lambda: Settings.from_environment(ENVIRONMENT),
    "the app": lambda: build(Settings.from_environment(ENVIRONMENT)),
    "the app's worker": lambda: build(Settings.from_environment(ENVIRONMENT), queue=ListQueue()).worker,
    "a client": lambda: DataverseClient(URL, StaticToken(SECRET)),
    "a queue": lambda: StorageQueue(STORAGE),
    "a static token": lambda: StaticToken(SECRET),
    "a token in a request": lambda: BearerToken(SECRET),
    "a client secret": lambda: ClientSecret("contoso.com", "id", SECRET, ENTRA),
    "a managed identity": lambda: ManagedIdentity(ENTRA),
    "a call": lambda: Call("GET", f"{URL}?a={SECRET}", {"Authorization": SECRET}, SECRET.encode(), "GET leads", "id"),
    "a webhook to be registered": lambda: Webhook(URL, SECRET),
}


def held(text: str) -> list[str]:
    return [secret for secret in HELD if secret in text]


@pytest.mark.parametrize("make", HOLDERS.values(), ids=HOLDERS.keys())
def test_what_holds_a_secret_does_not_show_it(make: Callable[[], object]) -> None:
    holder = make()
    for shown in (repr(holder), str(holder), f"{holder}", f"{[holder]!r}", "%s" % (holder,)):  # noqa: UP031
        assert not held(shown)


# A call is data of one request and a webhook of one command: neither is kept.
KEEPERS = {name: make for name, make in HOLDERS.items() if name not in {"a call", "a webhook to be registered"}}


@pytest.mark.parametrize("make", KEEPERS.values(), ids=KEEPERS.keys())
def test_what_keeps_a_secret_cannot_be_pickled(make: Callable[[], object]) -> None:
    with pytest.raises((TypeError, AttributeError, pickle.PicklingError)) as refused:
        pickle.dumps(make())
    assert not held(str(refused.value))


def queue_gone() -> object:
    return StorageQueue(STORAGE).waiting("any")


def environment_gone() -> object:
    with DataverseClient(URL, StaticToken(SECRET), sleep=lambda _: None) as client:
        return client.send(query("leads", select=["leadid"]))


def token_that_is_none() -> object:
    with DataverseClient(URL, StaticToken(f"{SECRET}\n{SECRET}"), sleep=lambda _: None) as client:
        return client.send(query("leads", select=["leadid"]))


def wrong_settings() -> object:
    return Settings.from_environment({name: f"{SECRET}\n{value}" for name, value in ENVIRONMENT.items()})


def wrong_address() -> object:
    return DataverseClient(f"https://user:{SECRET}@contoso.crm4.dynamics.com", StaticToken(SECRET))


def wrong_tenant() -> object:
    return ClientSecret(f"contoso.com/{SECRET}", "id", SECRET, ENTRA)


FAILURES = [queue_gone, environment_gone, token_that_is_none, wrong_settings, wrong_address, wrong_tenant]


@pytest.mark.parametrize("fail", FAILURES)
def test_what_goes_wrong_with_a_secret_does_not_show_it(
    fail: Callable[[], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("azure.storage.queue._shared.policies.StorageRetryPolicy.sleep", lambda *_: None)
    with pytest.raises(Exception) as failed:  # noqa: PT011  each has an error of its own
        fail()
    error = failed.value
    shown = [str(error), repr(error), repr(error.args), repr(vars(error)), "".join(traceback.format_exception(error))]
    assert not held("\n".join(shown).replace(repr(fail), ""))
    assert SECRET.encode() not in pickle.dumps(error)


# After gitleaks' rules of the same names, for what an app of this kind could leave lying about.
RULES = {
    "private key": r"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----\s+[A-Za-z0-9+/=]{20}",
    "storage account key": r"AccountKey=[A-Za-z0-9+/]{64,}={0,2}",
    "shared access signature": r"[?&]sig=[A-Za-z0-9%+/]{30,}",
    "Entra client secret": r"(?<![A-Za-z0-9_~.-])[A-Za-z0-9_~.]{3}\dQ~[A-Za-z0-9_~.-]{31,34}(?![A-Za-z0-9_~.-])",
    "JSON web token": r"eyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}",
    "GitHub token": r"(?:gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{60,})",
    "AWS key": r"(?<![A-Z0-9])(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Z0-9])",
    "Slack token": r"xox[abprs]-[A-Za-z0-9-]{20,}",
    "password in an address": r"[a-z]+://[^/\s:@\"'{}<>]+:[^/\s:@\"'{}<>]{8,}@[a-z0-9.-]+",
}
NAMED = re.compile(
    r"(?i)(?:secret|password|passwd|token|api_?key|account_?key)[\w.\"'-]*\s*[:=]\s*[\"']([A-Za-z0-9+/=_~.-]{24,})[\"']"
)
RANDOM_BITS = 4.3
# They open nothing: the key that Microsoft prints for its storage emulators, and runs of the alphabet in tests.
PUBLIC = re.compile(r"(?i)^Eby8vdM02xNOcqFl|abcdefgh|0123456789|zyxwvuts")


def bits_per_character(text: str) -> float:
    return -sum(n / len(text) * math.log2(n / len(text)) for n in Counter(text).values())


def leaks(text: str) -> Iterator[str]:
    for name, rule in RULES.items():
        yield from (f"{name}: {found.group()[:12]}..." for found in re.finditer(rule, text))
    for found in NAMED.finditer(text):
        if bits_per_character(found.group(1)) > RANDOM_BITS and not PUBLIC.search(found.group(1)):
            yield f"random text: {found.group(1)[:12]}..."


@pytest.mark.parametrize(
    "planted",
    [
        "-----BEGIN RSA PRIVATE " + "KEY-----\nMIIEowIBAAKCAQEA7bqz",
        "Account" + "Key=" + "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq" + "K1SZFPTOtr",
        "https://x.queue.core.windows.net/q?sv=1&" + "sig=" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6",
        "abc8" + "Q~" + "dEfGhIjKlMnOpQrStUvWxYz0123456789",
        "eyJhbGciOiJub25l" + "." + "eyJzdWIiOiIxMjM0NTY3ODkwIn0" + "." + "c2lnbmF0dXJlLW9m",
        "ghp" + "_" + "aB3dE5gH7jK9mN1pQ3sT5vW7yZ9bC1eF3hJ5",
        "https://someone:" + "aB3dE5gH7j" + "@contoso.example",
        'client_secret = "' + "q7Wz3Rt9Lk2Xv8Bn4Mc6Pd1Hf5Jg0Sy" + '"',
    ],
)
def test_the_scan_finds_what_it_looks_for(planted: str) -> None:
    assert list(leaks(f"text before {planted} text after"))


def test_no_file_of_the_repository_holds_a_secret() -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60)  # noqa: S607
    files = [ROOT / name for name in listed.stdout.split("\0") if name]
    assert len(files) > 300
    found = {
        f"{path.relative_to(ROOT)}: {leak}"
        for path in files
        if path.exists()
        for leak in leaks(path.read_text(encoding="utf-8", errors="replace"))
    }
    assert found == set()


def test_the_example_settings_hold_placeholders_and_nothing_that_opens_anything() -> None:
    values = json.loads((ROOT / "local.settings.example.json").read_text(encoding="utf-8"))["Values"]
    opening = re.compile("SECRET|TOKEN|KEY|PASSWORD|Storage|CERTIFICATE|_ID$")
    assert [
        name for name, value in values.items() if opening.search(name) and value and not value.startswith("<")
    ] == []
    assert values["DATAVERSE_URL"] == "http://127.0.0.1:8765"
