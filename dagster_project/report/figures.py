"""How a figure is shown: digits, units, the shorthand of figures that are not there, and the mark-up that leads back to the file.

Every figure on a page is in an element with `data-column` and `data-format`, inside one with `data-table` and `data-key`
(tables.py gives these to rows). tests/integration/report resolves each against the file by another path.
"""

from __future__ import annotations

import datetime as dt
import json
import math
import re
from collections.abc import Callable, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from markupsafe import Markup

from dagster_project.report.marts import Row

SUPPRESSED, NOT_AVAILABLE, NOT_APPLICABLE = "[c]", "[x]", "[z]"
"""Government Analysis Function shorthand: confidential, not available, not applicable."""
SHORTHAND = {
    "suppressed": SUPPRESSED,
    "bounded": SUPPRESSED,
    "not_collected": NOT_AVAILABLE,
    "missing": NOT_AVAILABLE,
    "not_available": NOT_AVAILABLE,
    "not_known": NOT_AVAILABLE,
    "not_measured": NOT_AVAILABLE,
    "not_shown": NOT_AVAILABLE,
    "not_applicable": NOT_APPLICABLE,
}
MEANING = {
    SUPPRESSED: "confidential: a small number that is hidden so that nobody can be recognised",
    NOT_AVAILABLE: "not available: nobody collected it, it has not come, or it cannot be worked out from what is published",
    NOT_APPLICABLE: "not applicable: there is nothing to divide by, or no limits exist for a figure of this kind",
}
MINUS = "−"
_STEP = {digits: Decimal(1).scaleb(-digits) for digits in range(6)}


def _rounded(value: float, digits: int, scale: int = 1) -> str:
    """Half up, on the shortest decimal that gives the float: 12.5 becomes 13, as readers expect."""
    number = (Decimal(repr(float(value))) * scale).quantize(_STEP[digits], ROUND_HALF_UP)
    text = f"{abs(number):,.{digits}f}"
    return f"{MINUS}{text}" if number < 0 else text


def _points(value: float, digits: int) -> str:
    """A difference of shares, with its sign."""
    text = _rounded(value, digits, 100)
    return f"+{text}" if value > 0 and text.strip("0.") else text


FORMATS: dict[str, Callable[[float], str]] = {
    "whole": lambda value: _rounded(value, 0),
    "number1": lambda value: _rounded(value, 1),
    "number2": lambda value: _rounded(value, 2),
    "percent0": lambda value: f"{_rounded(value, 0, 100)}%",
    "percent1": lambda value: f"{_rounded(value, 1, 100)}%",
    "percent2": lambda value: f"{_rounded(value, 2, 100)}%",
    "share0": lambda value: f"{_rounded(value, 0)}%",
    "share1": lambda value: f"{_rounded(value, 1)}%",
    "share2": lambda value: f"{_rounded(value, 2)}%",
    "points1": lambda value: _points(value, 1),
    "points2": lambda value: _points(value, 2),
}
"""Name, as it is in `data-format`, and what it does to a number. Percent and points are of shares (0.031 is 3.1%), `share` is of figures
that are per cent already (3.1 is 3.1%)."""


def _shortest(value: float) -> str:
    return f"{value:,.3f}".rstrip("0").rstrip(".").replace("-", MINUS)


TICKS: dict[str, Callable[[float], str]] = {
    "percent": lambda value: f"{_shortest(100 * value)}%",
    "share": lambda value: f"{_shortest(value)}%",
    "number": _shortest,
}
"""How the marks of an axis are written: no more digits than they need."""
SMALL_SHARE = 0.1


def value_format(unit: str | None, values: list[float]) -> str:
    """Return the format of the values of an indicator: shares as per cent (two digits where all are under 10%), counts whole, rates to one digit."""
    if unit == "proportion":
        return "percent2" if all(abs(value) < SMALL_SHARE for value in values) else "percent1"
    return "whole" if unit == "count" else "number1"


def tick(form: str) -> Callable[[float], str]:
    """Write a value of an axis of figures of a format."""
    return TICKS[
        "percent" if form.startswith(("percent", "points")) else "share" if form.startswith("share") else "number"
    ]


def gap_format(unit: str | None, values: list[float]) -> str:
    """Return the format of a difference of two values of an indicator."""
    shares = {"percent1": "points1", "percent2": "points2"}
    chosen = value_format(unit, values)
    return shares.get(chosen, chosen)


def present(values: list[Any]) -> list[float]:
    """Return the numbers among values that may be NULL."""
    return [float(value) for value in values if value is not None and not math.isnan(value)]


def known_limits(rows: Sequence[Row]) -> list[tuple[float, float] | None]:
    """Return the 95% limits of each row that has a value; None where they are not known."""
    pairs = [(row.get("ci_lower_95"), row.get("ci_upper_95")) for row in rows if row["value"] is not None]
    return [None if None in pair else pair for pair in pairs]


def drawn_as(rows: Sequence[Row]) -> str:
    """Say how each of these rows is drawn: limits are named where one has them."""
    return "as a dot with its 95% limits as a bar" if any(known_limits(rows)) else "as a dot (its limits are not known)"


def show(row: Row, column: str, form: str, status: str = "value_status") -> str:
    """Return the figure as text: its digits, or the shorthand that says why it is not there.

    A value with hidden counts whose bounds are known says between what it lies. A number that is missing beside a value that is not
    (a count has no limits) is not applicable. `priority_status` and the like hold other words besides the statuses; these are not
    applicable too.
    """
    value = row.values.get(column)
    if value is not None and not math.isnan(value):
        return FORMATS[form](value)
    bounds = [bound for end in ("low", "high") if (bound := row.values.get(f"{column}_{end}")) is not None]
    if row.values.get(status) == "bounded" and bounds[1:]:
        return " to ".join(FORMATS[form](bound) for bound in bounds)
    return shorthand(row, status)


def shorthand(row: Row, status: str) -> str:
    """Say why a figure is not there. One that is withheld is confidential where it would give away another, else its recording is too poor."""
    why = str(row.values.get(status))
    if why == "withheld":
        return SUPPRESSED if "small number" in str(row.values.get("withheld_reason")) else NOT_AVAILABLE
    return SHORTHAND.get(why, NOT_APPLICABLE)


def mark(row: Row, column: str, form: str, status: str = "value_status") -> Markup:
    """Put the figure inside a sentence, with everything that leads back to its cell."""
    return Markup('<span data-table="{}" data-key="{}" data-column="{}" data-format="{}">{}</span>').format(
        row.table, key_text(row.key()), column, form, show(row, column, form, status)
    )


def key_text(key: dict[str, str | None]) -> str:
    """Return a key as compact JSON."""
    return json.dumps(key, ensure_ascii=False, separators=(",", ":"))


# -- words ------------------------------------------------------------------------------------------------------------


def show_date(day: dt.date | dt.datetime | None) -> str:
    """Write a day as `28 December 2025`."""
    return "not known" if day is None else f"{day.day} {day:%B %Y}"


OLD_MONTHS = 12
YEARS = (
    "a year",
    "two years",
    "three years",
    "four years",
    "five years",
    "six years",
    "seven years",
    "eight years",
    "nine years",
)


def show_period(row: Row) -> str:
    """Say the period of a row in words: a day, a month, a year. One that lies a year or more behind the newest figures says how far."""
    years = (row.get("months_old") or 0) // OLD_MONTHS
    said = _period(row)
    return f"{said} ({YEARS[min(years, len(YEARS)) - 1]} old)" if years else said


def _period(row: Row) -> str:
    start, end = row["period_start"], row["period_end"]
    kind = row.get("period_type", "month" if (end - start).days < 31 else "year")  # noqa: PLR2004
    if kind == "month":
        return f"{end:%B %Y}"
    if kind == "snapshot" or start == end:
        return show_date(end)
    return f"{show_date(start)} to {show_date(end)}"


_SMALL_WORDS = {"and", "of", "the", "for", "on", "in", "with", "at"}
_CAPITALS = {"nhs": "NHS", "icb": "ICB", "uk": "UK"}


def show_name(name: str | None, code: str) -> str:
    """Return an organisation's name as a reader expects it: ODS writes names in capitals. Without a name, its code."""
    if not name:
        return code
    if name.upper() != name:
        return name
    words = [_word(word, place) for place, word in enumerate(name.lower().split())]
    return " ".join(words)


def _word(word: str, place: int) -> str:
    bare = word.strip("(),")
    if bare in _CAPITALS:
        return word.replace(bare, _CAPITALS[bare])
    if place and bare in _SMALL_WORDS:
        return word
    return re.sub(r"(^|[-(/&.])([a-z])", lambda found: found[1] + found[2].upper(), word)


def lower_first(text: str) -> str:
    """Return the text for the middle of a sentence; abbreviations keep their capitals."""
    return text[:1].lower() + text[1:] if text[1:2].islower() else text
