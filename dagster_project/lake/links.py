"""What the name of a file says: which period it is about and which edition of it, however the publisher spelt it.

A source names the facts that it needs (`link` in source.yml, `LinkName`); the spelling is here, once for all: case,
separators (blank, `%20`, `-`, `_`, none, two of them), months and years long and short, seasons and financial years, the
words for editions, versions, and words that say nothing (csv, file, data). Every other word of a name makes it another file:
`MHSDS Data_4WW_AprPerf_2024_v2.csv` is no main file, because nobody declared `4WW`.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from urllib.parse import unquote, urlsplit

from dagster_project.contracts.source import LinkName

MONTH_NAMES = (
    ["january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december"]
)  # fmt: skip
MONTHS = {name[:3]: number for number, name in enumerate(MONTH_NAMES, start=1)}
STAGES = (
    {"provisional": -1, "prov": -1, "performance": 0, "perf": 0, "prf": 0, "final": 1, "revised": 2, "rev": 2}
    | dict.fromkeys(("corrected", "correction", "amended", "updated", "update", "republished", "reissued"), 2)
)  # fmt: skip
"""The order in which editions of one period come out. NHS England calls a first issue of MHSDS `Perf` or `Prf`."""
VERSIONS_OF_A_STAGE = 100
PLAIN_WORDS = ("csv", "zip", "xlsx", "ods", "data", "file")
SIDE_TABLES = ("timeseries", "series", "restated", "metadata", "ascof", "oaps", "rstr", "4ww", "dq")
"""Other tables beside the main one; never taken for the random letters that a site puts at the end of a name."""
RANDOM = re.compile(r"(?!\d{1,4}$)[a-z0-9]{1,6}|(?=[a-z]*\d)(?=\d*[a-z])[a-z0-9]{7,8}")
"""Random letters and digits of a site; a longer word without a digit is a word."""
DATA_ENDINGS = ("csv", "zip", "xlsx", "xls", "ods", "xlsb", "tsv")
_MONTH = "|".join(
    f"{name}|{name[:4]}|{name[:3]}" if name == "september" else f"{name}|{name[:3]}" for name in MONTH_NAMES
)
_YEAR = r"(?<!\d)(?:20\d\d|\d\d)(?!\d)"
_YEARS = r"(?<!\d)(?:(?:fy )?(?:20)?\d\d ?(?:to )?(?:20)?\d\d)(?!\d)"
_ATOMS = {
    "day": rf"(?P<day>(?<!\d)[0-3]?\d)(?:st|nd|rd|th)? ?(?P<day_month>{_MONTH}) ?(?P<day_year>{_YEAR})",
    "month": rf"(?P<month>{_MONTH})",
    "year": rf"(?P<year>{_YEAR})",
    "years": rf"(?P<years>{_YEARS})",
    "quarter": r"(?:quarter|qtr|q) ?(?P<quarter>[1-4])(?!\d)",
    "stage": rf"(?P<stage>{'|'.join(STAGES)})(?: ?(?P<again>[2-9])(?!\d))?",
    # HES M13: the thirteenth issue of a year replaces the twelfth
    "issue": r"(?<![a-z])m ?(?P<issue>1[0-3]|[1-9])(?![a-z0-9])",
    "version": r"(?:version|v) ?(?P<version>\d{1,2})(?!\d)(?: \d(?![a-z\d]))?",  # v2, v2.1
    "size": r"\d+ ?(?:k|kb|m|mb)(?![a-z])",
}
_PERIODS: dict[str, tuple[str, ...]] = {
    "day": ("day",),
    "month": ("month", "year"),
    "season_month": ("month", "years"),
    "financial_year": ("years",),
    "quarter": ("quarter", "years"),
    "year": ("year",),
    "fixed": (),
}


@dataclass(frozen=True)
class LinkFacts:
    """The period as the lake writes it (`2026-04`, `2025-06-29`, `fy2023-24`, `fy2024-25-q3`, `2024`) and the revision."""

    period: str
    revision: int


def revision_number(stage: str = "", version: int = 0) -> int:
    """Number editions of one period so that the larger replaces the smaller: provisional < first or performance < final < revised, then v2 over v1."""
    return STAGES.get(stage.lower(), 0) * VERSIONS_OF_A_STAGE + version


def name_of(address: str) -> str:
    """Return the decoded file name of an address, without its query."""
    return unquote(urlsplit(address).path).rsplit("/", 1)[-1]


def ending_of(address: str) -> str:
    """Return `csv` of `a.CSV`; "" where there is none."""
    return name_of(address).rpartition(".")[2].lower() if "." in name_of(address) else ""


def read_name(wanted: LinkName, address: str) -> LinkFacts | None:
    """Return the facts of a file name under the declared words, or None where it is another file or two periods are possible."""
    stem, _, ending = name_of(address).rpartition(".")
    if ending.lower() not in wanted.endings:
        return None
    stem = re.sub(r"\s*\(\d\)$", "", stem)  # a copy, as a browser or a site numbers it
    text = " ".join(re.sub(r"[\W_]+", " ", stem.lower()).split())
    for told in _without_random_end(text) if wanted.random_suffix else [text]:
        for kind in wanted.period:
            facts = _scan(told, wanted, kind)
            if facts is not None:
                return facts if _in_layout(wanted, facts.period) else None
    return None


def _in_layout(wanted: LinkName, period: str) -> bool:
    """Whether files of that period have the layout; periods of one kind sort as texts."""
    return wanted.first_period <= period and (not wanted.last_period or period <= wanted.last_period)


def _scan(text: str, wanted: LinkName, kind: str) -> LinkFacts | None:
    """Read the name from left to right, every word of it; each fact may stand once, equal or not at all."""
    said: dict[str, set[str]] = {}
    place = 0
    while place < len(text):
        if text[place] == " ":
            place += 1
            continue
        match = _pattern(wanted, kind).match(text, place)
        if match is None:
            return None
        for fact, value in match.groupdict().items():
            if value is not None:
                said.setdefault(fact, set()).add(value)
        place = match.end()
    if wanted.words and "word" not in said:
        return None
    if any(len(values) > 1 for fact, values in said.items() if fact not in {"word", "stage"}):
        return None
    return _facts({fact: sorted(values)[0] for fact, values in said.items()}, said.get("stage", set()), kind)


@cache
def _pattern(wanted: LinkName, kind: str) -> re.Pattern[str]:
    """One alternative an atom, the longest of words first. Words are compared without their blanks."""
    words = _alternatives(wanted.words)
    also = _alternatives((*wanted.also, *PLAIN_WORDS))
    parts = [rf"(?P<word>{words})"] if words else []
    parts += [rf"(?:{also})", *(_ATOMS[name] for name in (*_PERIODS[kind], "stage", "issue", "version", "size"))]
    return re.compile("|".join(parts))


def _alternatives(words: tuple[str, ...]) -> str:
    """A pattern for words that may stand joined or apart; a short one must end where a word ends."""
    ordered = sorted({" ".join(word.lower().split()) for word in words}, key=len, reverse=True)
    return "|".join(re.escape(word).replace(r"\ ", " ?") + (r"(?![a-z])" if len(word) < 4 else "") for word in ordered)  # noqa: PLR2004


def _without_random_end(text: str) -> Iterator[str]:
    """The name as it stands, then without one and without two of the words at its end that a site may have drawn.

    `wl5bip`, `58522`, `97ylx5`, `9j03fjt` or `120522 cab316`: what a site adds so that two uploads differ. The whole word goes,
    because its beginning may look like a year or a size; a number of up to four digits stays, it may be a year.
    """
    yield text
    words = text.split()
    for kept in (len(words) - 1, len(words) - 2):
        if kept < 1 or words[kept] in SIDE_TABLES or not RANDOM.fullmatch(words[kept]):
            return
        yield " ".join(words[:kept])


def _facts(said: dict[str, str], stages: set[str], kind: str) -> LinkFacts | None:
    period = _period(said, kind)
    if period is None:
        return None
    stage = max(stages, key=lambda word: STAGES[word], default="")
    issue = said.get("version") or said.get("again") or said.get("issue") or 0
    return LinkFacts(period, revision_number(stage, int(issue)))


def _period(said: dict[str, str], kind: str) -> str | None:
    """The period of the facts, or None where one is lacking or they are no period."""
    month = MONTHS.get(said.get("month", said.get("day_month", ""))[:3])
    if kind == "fixed":
        return ""
    if kind == "season_month":
        return _season_month(said, month)
    return _year_period(said, kind) if kind in {"financial_year", "quarter"} else _calendar_period(said, kind, month)


def _year_period(said: dict[str, str], kind: str) -> str | None:
    years = financial_years(said.get("years", ""))
    if years is None or (kind == "quarter" and "quarter" not in said):
        return None
    return f"fy{years[0]}-{years[1] % 100:02d}" + (f"-q{said['quarter']}" if kind == "quarter" else "")


def _calendar_period(said: dict[str, str], kind: str, month: int | None) -> str | None:
    year = said.get("year", said.get("day_year", ""))
    if not year or (month is None and kind != "year") or (kind == "year" and len(year) == 2):  # noqa: PLR2004
        return None
    number = int(year) + (2000 if len(year) == 2 else 0)  # noqa: PLR2004
    if kind == "year":
        return f"{number:04d}"
    return f"{number:04d}-{month:02d}" if kind == "month" else _day(number, month or 0, int(said["day"]))


def _day(year: int, month: int, day: int) -> str | None:
    try:
        return dt.date(year, month, day).isoformat()
    except ValueError:
        return None


def financial_years(text: str) -> tuple[int, int] | None:
    """Return 2023 and 2024 of `2023-24`, `2023 to 2024`, `2324` or `fy 23 24`; None where the second is not the year after."""
    digits = re.sub(r"\D", "", text)
    half = {4: 2, 6: 4, 8: 4}.get(len(digits))
    if half is None:
        return None
    first, second = (int(part) % 100 for part in (digits[:half], digits[half:]))
    return (2000 + first, 2000 + first + 1) if second == (first + 1) % 100 else None


def _season_month(said: dict[str, str], month: int | None) -> str | None:
    """A month of a season (`November 2223`) or of a calendar year; `November 2021` could be both and is neither."""
    text = said.get("years", "")
    if month is None or not text:
        return None
    years = financial_years(text)
    autumn = month >= 8  # noqa: PLR2004 - a season of vaccination begins in late summer
    if years and re.fullmatch(r"20\d\d", text) and autumn:
        return None
    if years:
        return f"{years[0] if autumn else years[1]:04d}-{month:02d}"
    return f"{text}-{month:02d}" if re.fullmatch(r"20\d\d", text) else None
