"""How identifiers are written: NHS numbers, postcodes, dates of birth, e-mail addresses, telephone numbers, headings.

A text is folded first (full-width and other digits, invisible signs, all dashes, all white space, character references), and an
NHS number's separators are folded before its check digit is asked. tests/unit/returns/test_spellings.py measures, on guises of
its own making, how many are found, and on the real files how many are found that are none. Where they stand is identifiers.py.
"""

from __future__ import annotations

import datetime as dt
import html
import re
import unicodedata
from collections.abc import Iterator
from decimal import Decimal
from urllib.parse import unquote_plus

from nhs_number.validate import calculate_checksum

from dagster_project.returns.findings import Kind

FIRST_YEAR_OF_BIRTH, LAST_YEAR_OF_BIRTH = 1880, 2014
"""No date that a return asks for lies before 2015, the first year of any series here: an older one is taken for a birth."""
LAST_YEAR_IN_WORDS = 1999
"""A whole date inside a sentence is taken for a birth up to this year; later ones are those of laws and programmes."""
SHORTEST, SHORTEST_HASH = 5, 32
"""E16AN, and a hash in hexadecimal."""
ESCAPED_AT_MOST = 3
"""`&amp;#160;` is a blank that two programs escaped one after the other."""

_HASH = re.compile(
    r"\b[0-9a-fA-F]{32,128}\b|\b[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}\b"
)
_FOLDED = dict.fromkeys(
    [0, 0xAD, 0x61C, 0x180E, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2065), 0xFEFF]
)
_FOLDED_SIGNS = {
    ord(sign): "-" for sign in "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u2043\u30fb\ufe58\ufe63\uff0d"
} | dict.fromkeys((9, 10, 11, 12, 13, 133, 160, 5760, *range(8192, 8203), 8232, 8233, 8239, 8287, 12288), " ")
_ADDRESS_SIGNS = re.compile(r"://|[/?&=#]")
_WEB_ADDRESS = re.compile(r"https?://\S+", re.IGNORECASE)


def fold(text: str) -> str:
    """Return the text with one kind of dash, blank and digit, without what nobody sees; `&#57;` and `&nbsp;` as the signs they stand for."""
    for _ in range(ESCAPED_AT_MOST):
        if "&" not in text or ";" not in text:
            break
        text = html.unescape(text)
    if text.isascii() and text.isprintable():
        return text
    text = unicodedata.normalize("NFKC", text.translate(_FOLDED).translate(_FOLDED_SIGNS)).translate(_FOLDED_SIGNS)
    if text.isascii():
        return text
    return "".join(str(unicodedata.decimal(sign)) if sign.isdecimal() else sign for sign in text)


def scan_text(text: str) -> tuple[Kind, ...]:
    """Return the kinds of identifier in a text, each once. Hashes (32 hexadecimal digits or more) and GUIDs are passed over."""
    text = fold(text)
    if (
        len(text) < SHORTEST
        or (len(text) < _LENGTH_WITHOUT_ZERO and text.isdigit())
        or (not any(map(str.isdigit, text)) and "@" not in text)
    ):
        return ()
    text = _HASH.sub(" ", text) if len(text) >= SHORTEST_HASH else text
    if "%" in text and (plain := fold(unquote_plus(text))) != text:
        # Addresses write a blank as %20: what stands between two signs of an address is searched as it is meant.
        return tuple(dict.fromkeys((*_kinds(text), *_kinds(_ADDRESS_SIGNS.sub(" ", plain)))))
    return _kinds(text)


def _kinds(text: str) -> tuple[Kind, ...]:
    found: dict[Kind, bool] = {
        "nhs_number": has_nhs_number(text),
        "postcode": _has_postcode(text),
        "email": "@" in text and _EMAIL.search(text) is not None,
        "telephone": _TELEPHONE.search(text) is not None,
        "date_of_birth": _has_birth(text),
    }
    return tuple(kind for kind, is_there in found.items() if is_there)


def scan_name(name: str) -> tuple[Kind, ...]:
    """Return the kinds of identifier in the name of a file, of a part or of an element, where underscores and slashes stand for blanks."""
    return scan_text(name.replace("_", " ").replace("/", " "))


# -- NHS numbers -------------------------------------------------------------------------------------------------------

_RUN = re.compile(r"\d(?:[\W_]{0,5}\d){8,}")
"""Nine digits or more with at most five signs, of any kind but letters, between one and the next: (943) - (476) - (5919)."""
_REPEATED = re.compile(r"([ *_|-])\1+")
"""Wide gaps of a table in a text, and the stars and lines by which a text is marked."""
_EXPONENT = re.compile(r"(?<![\d.])(\d[.,]?\d{8,})e\+?0?([0-9])(?!\d)", re.IGNORECASE)
_LETTERS_OR_DIGITS = re.compile(r"[^\W_]+")
_SHAPES = frozenset(
    {(10,), (3, 3, 4), (5, 5), (1,) * 10, (1, 3, 3, 3), (4, 3, 3), (3, 4, 3), (3, 7), (7, 3), (6, 4), (1, 9), (9, 1)}
)
"""Lengths of the groups of digits in which NHS numbers are written among other words. A cell that holds ten digits and no letter
is searched whatever its groups."""
_LENGTH, _LENGTH_WITHOUT_ZERO = 10, 9
_ZERO_ADDED = re.compile(r"0[4-79]")
"""Numbers of England begin with 4, 6 and 7, those made for tests with 9; eleven digits with other beginnings are telephones."""
_YEAR = re.compile(r"(19|20)\d\d")


def has_nhs_number(text: str) -> bool:
    """Say whether a folded text holds an NHS number: plain, in groups with any separators, with a leading zero lost or added, as a float."""
    text = _REPEATED.sub(r"\1", text)
    for found in _EXPONENT.finditer(text):
        number = Decimal(f"{found.group(1).replace(',', '.')}E{found.group(2)}")
        if number == number.to_integral_value() and _is_number(f"{int(number):010d}"):
            return True
    return any(_run_holds_number(run.group(), is_alone=_is_alone(text, run)) for run in _RUN.finditer(text))


def _is_alone(text: str, run: re.Match[str]) -> bool:
    """Whether the digits are all that the text holds besides signs."""
    return not (_LETTERS_OR_DIGITS.search(text, 0, run.start()) or _LETTERS_OR_DIGITS.search(text, run.end()))


def _run_holds_number(run: str, *, is_alone: bool) -> bool:
    groups, gaps = re.findall(r"\d+", run), re.split(r"\d+", run)[1:-1]
    if is_alone and _is_whole_number(groups, gaps):
        return True
    for first in range(len(groups)):
        last, digits = first, ""
        while last < len(groups) and len(digits) <= _LENGTH:
            digits += groups[last]
            last += 1
            if len(digits) >= _LENGTH_WITHOUT_ZERO and _is_written_here(groups, gaps, first, last):
                return True
    return False


def _is_whole_number(groups: list[str], gaps: list[str]) -> bool:
    """Ten digits and signs, however they are grouped; not a decimal number, and nothing with a year in it."""
    has_year = any(_YEAR.fullmatch(group) for group in groups)
    return not has_year and not _is_decimal(gaps) and _is_number("".join(groups))


def _is_decimal(gaps: list[str]) -> bool:
    return gaps == ["."]


def _is_written_here(groups: list[str], gaps: list[str], first: int, last: int) -> bool:
    """Whether the groups from `first` up to `last` are one NHS number; not where they are part of a decimal number."""
    inner, lengths = gaps[first : last - 1], tuple(map(len, groups[first:last]))
    if _is_decimal(inner) or (len(lengths) == 1 and _touches_a_point(groups, gaps, first, last)):
        return False
    digits = "".join(groups[first:last])
    if lengths in {(_LENGTH_WITHOUT_ZERO,), (3, 3, 3)} and inner in ([], [",", ","]):
        return _is_number("0" + digits)
    if len(digits) == _LENGTH + 1 and _ZERO_ADDED.match(digits):
        digits, lengths = digits[1:], tuple(length for length in (lengths[0] - 1, *lengths[1:]) if length)
    # "12,345, 67,890" and "12345; 67890" are two figures: two groups are one number only where no list divides them.
    if len(inner) == 1 and inner[0].startswith((",", ";")):
        return False
    return lengths in _SHAPES and _is_number(digits)


def _touches_a_point(groups: list[str], gaps: list[str], first: int, last: int) -> bool:
    """Digits behind a decimal point, or before one that has more than zeros behind it."""
    behind = first > 0 and gaps[first - 1] == "."
    before = last < len(groups) and gaps[last - 1] == "." and groups[last].strip("0") != ""
    return behind or before


def _is_number(digits: str) -> bool:
    """Ten digits that pass the check digit, whichever nation's range they are in; nobody's number begins with 00.

    nhs_number's is_valid passes over numbers from 01 to 31 that begin with no date, as Scotland's do; a number of another
    nation that lost or gained a digit must not hide there.
    """
    return len(digits) == _LENGTH and not digits.startswith("00") and calculate_checksum(digits[:-1]) == int(digits[-1])


# -- postcodes, e-mail, telephone --------------------------------------------------------------------------------------

_OUTWARD, _INWARD = r"[A-Z]{1,2}[0-9][A-Z0-9]?", r"[0-9][ABD-HJLNP-UW-Z]{2}"
_CLOSED = rf"(?=[A-PR-UWYZ][A-HK-Y]?[0-9]){_OUTWARD}{_INWARD}"
"""Without a gap only where the letters can begin a postcode: V001AA is the code of a predecessor in ODS."""
_POSTCODE = re.compile(rf"(?<![A-Z0-9_])({_OUTWARD}[ \-]{{1,4}}{_INWARD}|{_CLOSED})(?![A-Z0-9_])", re.IGNORECASE)
_POSTCODE_ALONE = re.compile(_CLOSED, re.IGNORECASE)
_POSTCODE_IN_ADDRESS = re.compile(rf"(?<![A-Z0-9_])({_OUTWARD} {_INWARD})(?![A-Z0-9_])", re.IGNORECASE)
_PSEUDO_POSTCODE = re.compile(r"ZZ99", re.IGNORECASE)
_LONGEST_POSTCODE = 24
_EMAIL = re.compile(r"(?<=[\w.%+'-])@[\w-]+(?:\.[\w-]+)*\.[a-z]{2,}", re.IGNORECASE)
"""From its sign on: to begin with the name costs the square of a long text's length."""
_TELEPHONE = re.compile(
    r"(?<![\w.])(?!\d{1,2}[-. ]\d{1,2}[-. ]\d{4})(?:(?:\+|00)44[ \-.]?(?:\(0\))?|\(?0)[ \-]?[1-35789](?:[ \-.()]{0,2}\d){8,9}(?!\w)"
)


def _has_postcode(text: str) -> bool:
    """Full postcodes; not ZZ99 (no fixed abode and the like), nor the short tokens inside web addresses."""
    if "://" in text:
        addresses = " ".join(unquote_plus(match.group()) for match in _WEB_ADDRESS.finditer(text))
        if _is_any_real(_POSTCODE_IN_ADDRESS.finditer(addresses)):
            return True
        text = _WEB_ADDRESS.sub(" ", text)
    if len(text) <= _LONGEST_POSTCODE and "_" not in text:
        alone = re.sub(r"\W", "", text)
        if _POSTCODE_ALONE.fullmatch(alone) and not _PSEUDO_POSTCODE.match(alone):
            return True
    return _is_any_real(_POSTCODE.finditer(text))


def _is_any_real(found: Iterator[re.Match[str]]) -> bool:
    return any(not _PSEUDO_POSTCODE.match(match.group(1)) for match in found)


# -- dates of birth ----------------------------------------------------------------------------------------------------

_MONTH_NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|"
    r"nov(?:ember)?|dec(?:ember)?)\.?"
)
_BETWEEN, _LOOSE = r"\s?[-/.\\,_|~· ]\s?", r"[-/., ]{0,3}(?:of\s+)?"
_DAY, _YEAR_OR_SHORT = r"\d{1,2}(?:\s?(?:st|nd|rd|th))?", r"(?:'?\d\d|\d{4})"
_TIME = r"(?:[T, ]+(?:at )?\d{1,2}(?:[:.]?\d\d){1,2}(?:[.,]\d{1,9})?)?(?: ?[ap]\.?m\.?)?(?: ?(?:Z|UTC|GMT|BST|[+-]\d\d:?\d\d))?"
_DAY_NAME = r"(?:(?:mon|tue(?:s)?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?[ ,]{1,2})?(?:the )?"
_FORMS = (
    rf"(?P<y0>\d{{4}})(?P<s0>{_BETWEEN}|:)(?P<m0>\d{{1,2}})(?P=s0)(?P<d0>\d{{1,2}})",
    rf"(?P<d1>\d{{1,2}})(?P<s1>{_BETWEEN})(?P<m1>\d{{1,2}})(?P=s1)(?P<y1>{_YEAR_OR_SHORT})",
    rf"(?P<d2>{_DAY}){_LOOSE}(?P<m2>{_MONTH}){_LOOSE}(?P<y2>{_YEAR_OR_SHORT})",
    rf"(?P<m3>{_MONTH}){_LOOSE}(?P<d3>{_DAY})(?:{_BETWEEN}|,? '?)(?P<y3>{_YEAR_OR_SHORT})",
    rf"(?P<y4>\d{{4}}){_LOOSE}(?P<m4>{_MONTH}){_LOOSE}(?P<d4>{_DAY})",
    r"(?P<y5>(?:18|19|20)\d\d)(?P<m5>0[1-9]|1[0-2])(?P<d5>0[1-9]|[12]\d|3[01])(?:T?\d{4}(?:\d\d)?)?",
    r"(?P<d6>\d\d)(?P<m6>\d\d)(?P<y6>(?:18|19|20)\d\d)",
    rf"(?P<y7>(?:3[2-9]|[4-9]\d))(?P<s7>{_BETWEEN})(?P<m7>\d{{1,2}})(?P=s7)(?P<d7>\d{{1,2}})",
)
"""Numbers are divided twice by the same sign ("03. 10 - 14" is an age band of the hospital statistics). Year first, day first, month names before and after the day, CCYYMMDD (with a time), DDMMCCYY, and 56-03-12."""
_DATE = re.compile(rf"{_DAY_NAME}(?:{'|'.join(_FORMS)}){_TIME}", re.IGNORECASE)
_DATE_IN_WORDS = re.compile(rf"(?<![\w./-])(?:{'|'.join(_FORMS[:5])})(?![\d/-])", re.IGNORECASE)
_LABEL = re.compile(
    r"\b(?:d ?\. ?o ?\. ?b\b\.?|d/o/b|d-o-b|d o b|dob|date ?of ?birth|birth ?date|birthday|born)(?![a-z])[^0-9]{0,25}",
    re.IGNORECASE,
)
_SIX_OR_EIGHT = re.compile(r"\d{6}(?:\d\d)?(?!\d)")
_LONGEST_DATE = 60


def date_of(text: str, today: dt.date | None = None) -> dt.date | None:
    """Return the day where the whole text is a date in any usual form, with or without a time, else None.

    A year of two digits is of this century up to the present one: in 2026, 26 is 2026 and 27 is 1927.
    """
    text = fold(text).strip(" '\"()")
    if len(text) > _LONGEST_DATE or not any(map(str.isdigit, text)):
        return None
    match = _DATE.fullmatch(text)
    return _day_of(match, today) if match else None


def _day_of(match: re.Match[str], today: dt.date | None = None) -> dt.date | None:
    """The day of a match of `_FORMS`; None where it is none."""
    parts = match.groupdict()
    (form,) = [name[1] for name, text in parts.items() if text and name[0] == "y"]
    month, day = str(parts[f"m{form}"]).lower(), int(re.sub(r"\D", "", str(parts[f"d{form}"])))
    number = int(month) if month.isdigit() else _MONTH_NAMES.index(month[:3]) + 1
    year = str(parts[f"y{form}"]).strip("'")
    if len(year) == 2:  # noqa: PLR2004 - a short year
        this_year = (today or dt.datetime.now(dt.UTC).date()).year
        year = str(this_year - (this_year - int(year)) % 100)
    if number > 12:  # noqa: PLR2004 - 03/25/1956 is how some programs write 25 March
        day, number = number, day
    try:
        return dt.date(int(year), number, day)
    except ValueError:
        return None


def _has_birth(text: str) -> bool:
    """A date behind a word for birth, or a whole date of the last century inside a sentence."""
    for label in _LABEL.finditer(text):
        if _SIX_OR_EIGHT.match(text, label.end()) or _is_date_at(text, label.start(), label.end()):
            return True
    text = _WEB_ADDRESS.sub(" ", text) if "://" in text else text
    days = (_day_of(match) for match in _DATE_IN_WORDS.finditer(text) if len(_written_year(match)) > 2)  # noqa: PLR2004
    return any(day is not None and FIRST_YEAR_OF_BIRTH <= day.year <= LAST_YEAR_IN_WORDS for day in days)


def _is_date_at(text: str, first: int, last: int) -> bool:
    """Whether a date begins between the label's start and the first digit behind it."""
    found = _DATE.search(text, first, last + _LONGEST_DATE)
    return found is not None and found.start() <= last and _day_of(found) is not None


def _written_year(match: re.Match[str]) -> str:
    return next(text.strip("'") for name, text in match.groupdict().items() if text and name[0] == "y")


# -- headings ----------------------------------------------------------------------------------------------------------

_NUMBER = r"(?:numbers?|nums?|nbr|nos?|ids?|identifiers?|ref(?:erence)?|codes?|keys?)"
_PERSON = r"(?:patients?|pats?|pts?|persons?|clients?|serviceusers?|subjects?|members?|mothers?|babys?|child(?:ren)?s?)"
_IDENTIFYING_NAMES = re.compile(
    rf"(?:new|old|the|{_PERSON})?(?:"
    rf"nhs{_NUMBER}?|chi{_NUMBER}|chi|hcn|hc{_NUMBER}|(?:local|hospital|hosp|pas|unit|district|medicalrecords?|casenotes?|notes)"
    rf"(?:{_PERSON})?{_NUMBER}|casenotes?|case{_NUMBER}|local{_PERSON}id\w*|mrn{_NUMBER}?|crn|ubrn|"
    rf"(?:rio|emis|syste?mone|epr|ehr|cerner|epic|lorenzo|meditech|carenotes){_NUMBER}|"
    rf"(?:spell|episode|attendance|admission|referral|appointment|pathway|encounter|visit|record){_NUMBER}|"
    rf"dob|yob|dateofbirth|dobirth|birthdates?|birthday|(?:year|month|day)ofbirth|birth(?:year|month)|dod|dateofdeath|deathdate|"
    rf"post(?:al)?codes?|pcds?\d?|pcode|zip(?:code)?|initials?|(?:last|first|middle|maiden|family|given|full|fore|sur|known|previous)names?|"
    rf"address(?:line)?\w*|addr(?:line)?\d?|street|house{_NUMBER}|housename|nextofkin\w*|nok\w*|carersname|carername|"
    rf"e?mail(?:address)?|(?:tele)?phone{_NUMBER}?|tel{_NUMBER}?|mobile(?:phone)?{_NUMBER}?|contact{_NUMBER}|"
    rf"ni{_NUMBER}|nino|nationalinsurance{_NUMBER}?|passport{_NUMBER}?|driving(?:licen[cs]e){_NUMBER}?|lsoa\w*|oa(?:11|21)\w*|uprn"
    rf")|{_PERSON}(?:{_NUMBER}|names?|\w*identifier\w*|pathwayid\w*|id\w*)"
)
_NOT_IDENTIFYING = frozenset({"patientcode", "patientscode", "chi", "referralcode", "admissioncode", "recordcode"})


def is_identifying_name(header: str) -> bool:
    """Say whether a column's name says that it identifies people, whatever stands between its words: nhs_number, DOB, casenoteNo."""
    words = re.sub(r"[\W_]+", "", fold(header).lower())
    if words in _NOT_IDENTIFYING:
        return False
    # "NHS No (10 digits)" and "DOB dd/mm/yyyy" explain themselves.
    bare = re.sub(r"[\W_]+", "", re.sub(r"\(.*?\)|dd.?mm.?(?:yy|ccyy|yyyy)", "", fold(header).lower()))
    return any(_IDENTIFYING_NAMES.fullmatch(one) is not None for one in (words, bare) if one)
