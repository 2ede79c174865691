"""The command reads local.settings.json as Core Tools does, and says what is wrong with it without its secrets."""

import json
from pathlib import Path

import pytest

from admin.connection import local_settings
from connector.errors import SettingsError

VALUES = {"DATAVERSE_URL": "http://127.0.0.1:8765", "DATAVERSE_STATIC_TOKEN": "canary"}
TEXT = json.dumps({"IsEncrypted": False, "Values": VALUES})


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "local.settings.json"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_the_values_are_read_with_a_byte_order_mark_or_without(path: Path, encoding: str) -> None:
    path.write_text(TEXT, encoding)
    assert local_settings(path) == VALUES


def test_without_a_file_there_are_none(path: Path) -> None:
    assert local_settings(path) == {}


@pytest.mark.parametrize(
    "text",
    ["", "canary", "[]", "null", '"canary"', "{}", '{"Values": null}', '{"Values": ["canary"]}', TEXT[:-1], "[" * 100],
)
def test_a_file_of_another_shape_is_refused_by_its_name(path: Path, text: str) -> None:
    path.write_text(text, "utf-8")
    with pytest.raises(SettingsError) as refused:
        local_settings(path)
    assert refused.value.problems == (f"{path} is not JSON with an object of Values",)


def test_text_that_is_not_utf_8_is_refused_by_its_name(path: Path) -> None:
    path.write_bytes(TEXT.replace("canary", "é").encode("latin-1") + b"\xe9")
    with pytest.raises(SettingsError, match="is not JSON"):
        local_settings(path)


@pytest.mark.parametrize("value", [1, True, None, ["canary"]])
def test_a_value_that_is_not_text_is_refused(path: Path, value: object) -> None:
    path.write_text(json.dumps({"Values": {**VALUES, "DATAVERSE_AUTH": value}}), "utf-8")
    with pytest.raises(SettingsError, match="every value must be text") as refused:
        local_settings(path)
    assert "canary" not in str(refused.value)


def test_a_folder_of_that_name_is_refused_and_not_a_traceback(path: Path) -> None:
    path.mkdir()
    with pytest.raises(SettingsError, match="cannot be read"):
        local_settings(path)
