"""What the CVDPREVENT interface offers: one address for each wanted indicator, level and newest period.

Ids are never taken on trust: an id whose code has changed stops the source (a peer's whole table rests on wrong ids).
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urljoin

from dagster_project.contracts.source import Source
from dagster_project.lake.discovery import PART, Located
from dagster_project.lake.files import LakeError
from dagster_project.lake.links import MONTHS
from dagster_project.lake.transport import Transport

INDICATORS: Mapping[str, int] = {
    "CVDP001HYP": 11,
    "CVDP002HYP": 2,
    "CVDP003HYP": 3,
    "CVDP004HYP": 4,
    "CVDP005HYP": 20,
    "CVDP007HYP": 32,
    "CVDP003CHOL": 14,
    "CVDP006CHOL": 22,
    "CVDP009CHOL": 34,
    "CVDP011CHOL": 53,
    "CVDP012CHOL": 54,
    "CVDP002AF": 7,
    "CVDP002SMOK": 26,
}
"""Wanted codes and their ids, as other clients of the interface have seen them."""
LEVELS = {1: "england", 6: "region", 7: "icb", 8: "sub_icb"}
"""SystemLevelID. Left out: PCNs (4) and practices (5), which have no deprivation."""
PERIODS = 4
MAXIMUM_PAGES = 50
PERIOD_NAME = re.compile(r"To (?P<month>[A-Z][a-z]+) (?P<year>20\d\d)")
WHERE = "compare the address with the interface's documentation and fix discover.py"


def locate(source: Source, transport: Transport, today: dt.date) -> Iterator[Located]:
    """Yield every wanted document of the newest quarters; raises LakeError where ids, codes or fields are not as expected."""
    start = source.landing_pages[0].address
    periods = _newest_periods(transport, start)
    levels = _levels_of_periods(transport, urljoin(start, "/timePeriod/systemLevels"))
    for time_period, period in periods.items():
        for level in sorted(LEVELS.keys() & levels.get(time_period, set())):
            listing = urljoin(start, f"/indicator/list?timePeriodID={time_period}&systemLevelID={level}")
            for indicator in _wanted_indicators(transport, listing):
                address = f"/indicator/{indicator}/rawDataJSON?timePeriodID={time_period}&systemLevelID={level}"
                part = f"{period}{PART}{indicator}-{level}"
                yield Located(source.entities[0].name, part, urljoin(start, address), 0, "", 0)


def check_code(indicator: int, code: str, where: str) -> None:
    """Raise LakeError where an id and a code that is wanted do not belong together."""
    code_of = {known: name for name, known in INDICATORS.items()}
    expected = []
    if code_of.get(indicator, code) != code:
        expected.append(f"IndicatorID {indicator} to be {code_of[indicator]}")
    if INDICATORS.get(code, indicator) != indicator:
        expected.append(f"{code} to be IndicatorID {INDICATORS[code]}")
    if expected:
        raise LakeError(where, f"IndicatorID {indicator} is {code}; expected {' and '.join(expected)}", WHERE)


def month_of(period_name: str) -> str | None:
    """Return `2025-06` of "To June 2025"; None for another kind of period (outcomes have "Apr 2024 - Mar 2025")."""
    match = PERIOD_NAME.fullmatch(period_name.strip())
    month = MONTHS.get(match["month"][:3].lower()) if match else None
    return f"{match['year']}-{month:02d}" if match and month else None


def _newest_periods(transport: Transport, address: str) -> dict[int, str]:
    named = {}
    for record in _records(transport, address, {"TimePeriodID", "TimePeriodName"}):
        month = month_of(str(record["TimePeriodName"]))
        if month:
            named[_whole(record, "TimePeriodID", address)] = month
    if not named:
        raise LakeError(address, "no period has a name like 'To June 2025'", WHERE)
    if len(set(named.values())) < len(named):
        raise LakeError(address, f"two ids stand for one period: {named}", WHERE)
    return dict(sorted(named.items(), key=lambda pair: pair[1])[-PERIODS:])


def _levels_of_periods(transport: Transport, address: str) -> dict[int, set[int]]:
    return {
        _whole(record, "TimePeriodID", address): {
            _whole(level, "SystemLevelID", address) for level in record["SystemLevels"]
        }
        for record in _records(transport, address, {"TimePeriodID", "SystemLevels"})
    }


def _wanted_indicators(transport: Transport, address: str) -> list[int]:
    found: dict[str, int] = {}
    for record in _records(transport, address, {"IndicatorID", "IndicatorCode"}):
        indicator, code = _whole(record, "IndicatorID", address), str(record["IndicatorCode"])
        check_code(indicator, code, address)
        if found.setdefault(code, indicator) != indicator:
            raise LakeError(address, f"{code} has two ids: {found[code]} and {indicator}", WHERE)
    return sorted(indicator for code, indicator in found.items() if code in INDICATORS)


def _whole(record: object, field: str, address: str) -> int:
    value = record.get(field) if isinstance(record, dict) else None
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise LakeError(address, f"expected a whole number as {field}, found {value!r} in {record!r:.200}", WHERE)


def _records(transport: Transport, address: str, fields: set[str]) -> Iterator[dict[str, Any]]:
    """The records of an answer, page after page where it names a `next` one (the documentation knows no pages today)."""
    seen: list[str] = []
    following: str | None = address
    while following:
        if following in seen or len(seen) == MAXIMUM_PAGES:
            raise LakeError(address, f"its pages do not end: {following} after {len(seen)} pages", WHERE)
        seen.append(following)
        answer = _answer(transport, following)
        yield from _list_with(answer, fields, following)
        following = urljoin(following, str(answer["next"])) if answer.get("next") else None


def _answer(transport: Transport, address: str) -> dict[str, Any]:
    try:
        answer = json.loads(transport.read_page(address))
    except (ValueError, RecursionError) as error:
        raise LakeError(address, f"the answer is not JSON: {error}", "open the address in a browser") from error
    if not isinstance(answer, dict):
        raise LakeError(address, f"the answer is {type(answer).__name__}, where an object was expected", WHERE)
    return answer


def _list_with(answer: dict[str, Any], fields: set[str], address: str) -> list[dict[str, Any]]:
    """The only list of the answer whose records have the fields: the key of one of the lists is not documented."""
    lists = {key: value for key, value in answer.items() if isinstance(value, list) and value}
    fitting = [value for value in lists.values() if all(isinstance(r, dict) and fields <= set(r) for r in value)]
    if len(fitting) != 1:
        found = {key: sorted(value[0]) if isinstance(value[0], dict) else value[0] for key, value in lists.items()}
        raise LakeError(
            address, f"expected one list of records with {sorted(fields)}, found {found or list(answer)}", WHERE
        )
    return fitting[0]
