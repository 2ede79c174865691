import pytest

from emulator.web_api import Endpoint
from emulator.webhooks import CredentialsError, destination


def test_a_webhook_key_is_the_code_of_the_query() -> None:
    to = destination(Endpoint("https://x/api/hook", 4, "k+/="))
    assert (to.url, to.headers) == ("https://x/api/hook?code=k%2B%2F%3D", {})


def test_a_webhook_key_joins_a_query_that_is_there() -> None:
    assert destination(Endpoint("https://x/hook?a=1", 4, "k")).url == "https://x/hook?a=1&code=k"


def test_headers_are_read_from_the_settings_xml() -> None:
    settings = '<settings><setting name="a" value="1&amp;2"/><setting name="b" value="é"/></settings>'
    to = destination(Endpoint("https://x/hook", 5, settings))
    assert (to.url, to.headers) == ("https://x/hook", {"a": "1&2", "b": "é"})


def test_no_settings_are_no_headers() -> None:
    assert destination(Endpoint("https://x/hook", 5, "<settings></settings>")).headers == {}


def test_query_strings_are_read_from_the_settings_xml() -> None:
    settings = '<settings><setting name="a" value="1 2"/><setting name="b" value="3"/></settings>'
    assert destination(Endpoint("https://x/hook", 6, settings)).url == "https://x/hook?a=1+2&b=3"


@pytest.mark.parametrize("value", ["", "secret", "<settings>", "<other/>", '<settings><setting name="a"/></settings>'])
def test_settings_that_are_none_are_an_error_that_does_not_show_them(value: str) -> None:
    with pytest.raises(CredentialsError, match="authtype 5") as wrong:
        destination(Endpoint("https://x/hook", 5, value))
    assert "secret" not in str(wrong.value)


def test_auth_types_of_other_endpoints_are_refused() -> None:
    with pytest.raises(CredentialsError, match="authtype 2"):
        destination(Endpoint("https://x/hook", 2, ""))


def test_secrets_are_not_in_a_destinations_repr() -> None:
    assert "secret" not in repr(destination(Endpoint("https://x/hook", 4, "secret")))
