"""Values of rows, read in the form in which a test compares them; None is null, another kind of value a FactError."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time
from decimal import Decimal
from enum import Enum
from functools import lru_cache
from math import isfinite

from scoring.comparing import Spelled
from scoring.days import midnight
from scoring.errors import FactError
from scoring.moments import FIRST_YEAR, Moment, instant, moment
from scoring.values import Dialect, as_decimal, fold, kind_of


class Form(Enum):
    """The forms of values; a column is read once for each that its conditions ask for."""

    RAW = "as it is"
    TEXT = "folded text without trailing spaces"
    PATTERN = "folded text"
    SPELLED = "a text that may spell a moment"
    NUMBER = "a number, against whole numbers"
    DECIMAL = "a number, as the decimal that its JSON spelled"
    BOOLEAN = "true or false"
    ID = "a GUID, in lower case"
    OPTIONS = "the set of the options selected"
    DAY = "a day"
    WALL = "a time without a zone"
    INSTANT = "an instant, in UTC"
    DAY_INSTANT = "a day, as the instant at which it begins"
    WALL_INSTANT = "a time without a zone, as the instant at which the model's clocks first show it"


Read = Callable[[object], object]


def reader(form: Form, column: str, dialect: Dialect) -> Read:
    """Reads the values of a column, which is named in errors, in that form."""
    if form is Form.INSTANT:
        return _instant_reader(column, dialect)
    if form is Form.TEXT:
        return _text_reader(column, dialect)
    read = _READERS[form]

    def read_value(value: object) -> object:
        if value is None or value == "":  # Dataverse keeps an empty string as null
            return None
        return read(value, column, dialect)

    return read_value


def or_lookup(read: Read, lookup: str) -> Callable[[object, Callable[..., object]], object]:
    """The same for a column that may be a lookup: its plain name then holds the related row that was expanded."""

    def read_value(value: object, get: Callable[..., object]) -> object:
        return read(get(lookup, value) if isinstance(value, dict) else value)

    return read_value


def _raw(value: object, _column: str, _dialect: Dialect) -> object:
    return value


def _text(value: object, column: str, _dialect: Dialect) -> str:
    if isinstance(value, str):
        return value
    raise FactError(column, "text", kind_of(value))


def _text_reader(column: str, dialect: Dialect) -> Read:
    """Reads text in one call: names with accents are common, and no code but this one reads them."""
    accent_sensitive = dialect.accent_sensitive

    def read_text(value: object) -> str | None:
        if value is None or value == "":
            return None
        if not isinstance(value, str):
            raise FactError(column, "text", kind_of(value))
        return fold(value, accent_sensitive=accent_sensitive).rstrip(" ")

    return read_text


def _folded(value: object, column: str, dialect: Dialect) -> str:
    return dialect.folded(_text(value, column, dialect))


def _spelled(value: object, column: str, dialect: Dialect) -> Spelled:
    text = _text(value, column, dialect)
    return moment(text), dialect.folded(text).rstrip(" ")


def _number(value: object, column: str, _dialect: Dialect) -> int | float | Decimal:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise FactError(column, "a number", kind_of(value))
    if not (value.is_finite() if isinstance(value, Decimal) else isinstance(value, int) or isfinite(value)):
        raise FactError(column, "a number", "a number that is not finite")
    return value


def _decimal(value: object, column: str, dialect: Dialect) -> Decimal | None:
    return as_decimal(_number(value, column, dialect))


def _boolean(value: object, column: str, _dialect: Dialect) -> bool:
    if isinstance(value, bool):
        return value
    raise FactError(column, "a boolean", kind_of(value))


def _id(value: object, column: str, dialect: Dialect) -> str:
    return _text(value, column, dialect).lower()


def _options(value: object, column: str, _dialect: Dialect) -> frozenset[int]:
    """Multi-select choices are "1,2" in the Web API (dataverse.md 12, trap 11)."""
    if not isinstance(value, str):
        raise FactError(column, "choices (1,2)", kind_of(value))
    try:
        return frozenset(int(option) for option in value.split(","))
    except ValueError:
        raise FactError(column, "choices (1,2)", "other text") from None


def _moment(value: object, column: str, dialect: Dialect) -> Moment:
    named = moment(_text(value, column, dialect))
    if named is None:
        raise FactError(column, "a date", "other text")
    return named


def _day(value: object, column: str, dialect: Dialect) -> date:
    text = _text(value, column, dialect)
    named = _known_moment(text) if len(text) == _DAY_LENGTH else _moment(text, column, dialect)
    if named is None:
        raise FactError(column, "a date", "other text")
    return named.date() if isinstance(named, datetime) else named


# A column of days holds few of them: many leads, and each day once.
_known_moment = lru_cache(maxsize=16_384)(moment)
_DAY_LENGTH = len("2026-05-31")


def _wall(value: object, column: str, dialect: Dialect) -> datetime:
    """The Web API writes a Z behind it, which means nothing (dataverse.md 12, trap 10)."""
    named = _moment(value, column, dialect)
    return named.replace(tzinfo=None) if isinstance(named, datetime) else datetime.combine(named, time.min)


def _instant_reader(column: str, dialect: Dialect) -> Read:
    """Reads what the Web API writes several times faster than any other spelling."""
    read, zone = datetime.fromisoformat, dialect.zone

    def read_instant(value: object) -> datetime | None:
        try:
            found = read(value)  # type: ignore[arg-type]  # what is no text is refused below
        except (TypeError, ValueError):
            if value is None or value == "":
                return None
            return instant(_moment(value, column, dialect), zone)
        if found.tzinfo is UTC and found.year >= FIRST_YEAR:
            return found
        return instant(_moment(value, column, dialect), zone)

    return read_instant


def _day_instant(value: object, column: str, dialect: Dialect) -> datetime:
    return midnight(_day(value, column, dialect), dialect.zone)


def _wall_instant(value: object, column: str, dialect: Dialect) -> datetime:
    return instant(_wall(value, column, dialect), dialect.zone)


_READERS: dict[Form, Callable[[object, str, Dialect], object]] = {
    Form.RAW: _raw,
    Form.PATTERN: _folded,
    Form.SPELLED: _spelled,
    Form.NUMBER: _number,
    Form.DECIMAL: _decimal,
    Form.BOOLEAN: _boolean,
    Form.ID: _id,
    Form.OPTIONS: _options,
    Form.DAY: _day,
    Form.WALL: _wall,
    Form.DAY_INSTANT: _day_instant,
    Form.WALL_INSTANT: _wall_instant,
}
