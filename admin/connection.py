"""The command's way to an environment: settings from the environment, and from local.settings.json beside it."""

import json
import os
from collections.abc import Mapping
from pathlib import Path

from connector.bootstrap import App, bootstrap
from connector.errors import SettingsError
from connector.settings import Settings

LOCAL_SETTINGS = Path("local.settings.json")


def connect() -> App:
    """The app as the settings describe it; SettingsError names everything that is missing or wrong."""
    return bootstrap(Settings.from_environment({**local_settings(LOCAL_SETTINGS), **os.environ}))


def local_settings(path: Path) -> Mapping[str, str]:
    """The `Values` of a local.settings.json; none when there is no such file."""
    if not path.exists():
        return {}
    try:
        values = json.loads(path.read_text(encoding="utf-8-sig"))["Values"]
        if not all(isinstance(value, str) for value in values.values()):
            raise SettingsError([f"{path}: every value must be text"])
    except OSError as error:
        raise SettingsError([f"{path} cannot be read: {error.strerror}"]) from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise SettingsError([f"{path} is not JSON with an object of Values"]) from error
    return dict(values)
