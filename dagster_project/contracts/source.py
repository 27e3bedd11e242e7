"""What a source.yml may say, checked when it is loaded: the one description of a publisher's files and of our clean table.

Column headers, rules and descriptions are written here once and reach the parser, the Parquet, dbt, the Dagster UI and
the data dictionary.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from functools import cache, cached_property
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import unquote, urlsplit

import yaml
from pydantic import AfterValidator, Field, ValidationError, model_validator

from dagster_project.contracts.strict import Strict, Text
from dagster_project.settings import PROJECT_ROOT
from dagster_project.yaml_files import read_yaml

SOURCES_FOLDER = PROJECT_ROOT / "dagster_project" / "sources"
TOOLKIT = ("cells", "clean", "clean_writer", "columns", "families", "headings", "parse_report", "tables")
"""The modules of lake/ that every parser is made of."""
SLUG = re.compile(r"[a-z0-9]+(_[a-z0-9]+)*")


def _check_pattern(pattern: str) -> str:
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(f"{pattern!r} is not a regular expression: {error}") from error
    return pattern


Pattern = Annotated[str, AfterValidator(_check_pattern)]


class ContractError(Exception):
    """A source.yml that cannot be used; the text names the file and the place."""


class FileColumn(Strict):
    """A column as the publisher writes it. Everything is read as text; `type` says what the text must be."""

    name: Text
    header: str = ""
    """The publisher's heading, compared after folding white space and case; "" means the same as `name`."""
    aliases: tuple[str, ...] = ()
    header_in: dict[str, str] = Field(default_factory=dict)
    """The heading in the file of a single period, where the publisher gave it that of another column."""
    header_pattern: Pattern = ""
    """For headings that carry a year (`^ICB\\d\\dCD$`) or are cut (`...of LSOA`): a regular expression, searched."""
    type: Literal["text", "count", "decimal"] = "text"
    blank: Literal["missing", "zero", "not_collected", "not_applicable", "refuse"] = "missing"
    """What an empty cell means; `refuse` rejects the row."""
    markers: dict[str, Literal["suppressed", "not_applicable", "not_collected", "missing"]] = Field(
        default_factory=dict
    )
    """Signs that stand for no number ("*", "-"); only for counts and decimals. They get a `<name>_status` column."""
    pattern: Pattern = ""
    """A regular expression that the whole text must match; a row that does not match is rejected."""
    allowed: tuple[str, ...] = ()
    known_errors: tuple[Text, ...] = ()
    """Only for texts: errors of a spreadsheet that the publisher's own files hold (`#N/A` as the name of no commissioner); any
    other one rejects the row."""
    exact: bool = False
    """Outer blanks are not taken off; set for all columns by the entity's `exact_text`."""
    guessed: bool = False
    """No real file and no document has shown this heading; only where `format_status` is `unconfirmed`."""
    whole_number_text: bool = False
    """The publisher writes whole numbers as floats (`1867146.0`, HES outpatient 2023-24)."""
    may_be_negative: bool = False
    """Only for decimals: the column holds differences. People, shares and rates are not below nothing, so elsewhere a minus
    breaks the column's rule."""

    @property
    def has_status(self) -> bool:
        """Return whether the value needs a status column beside it."""
        return self.type != "text" and (bool(self.markers) or self.blank in {"not_collected", "not_applicable"})


class RepeatedColumn(Strict):
    """Columns that differ only by a running number, such as the 105 week bands of RTT."""

    first: int
    last: int
    name: Text
    header: Text
    """Format strings over `n` and `m` (= n + 1)."""
    type: Literal["count", "decimal"] = "count"
    blank: Literal["missing", "zero", "not_collected", "not_applicable", "refuse"] = "missing"

    def expand(self) -> list[FileColumn]:
        """Return the single columns."""
        return [
            FileColumn(
                name=self.name.format(n=n, m=n + 1),
                header=self.header.format(n=n, m=n + 1),
                type=self.type,
                blank=self.blank,
            )
            for n in range(self.first, self.last + 1)
        ]


class CleanColumn(Strict):
    """A column of the clean table: what staging reads."""

    name: Text
    type: Literal["VARCHAR", "BIGINT", "INTEGER", "DOUBLE", "DATE", "BOOLEAN", "DECIMAL(18,4)"]
    description: Text
    unit: str = ""
    key: bool = False


class RepeatedCleanColumn(Strict):
    """Clean columns that differ only by a running number."""

    first: int
    last: int
    name: Text
    type: Literal["INTEGER", "BIGINT", "DOUBLE"] = "INTEGER"
    description: Text
    unit: str = ""

    def expand(self) -> list[CleanColumn]:
        """Return the single columns."""
        return [
            CleanColumn(
                name=self.name.format(n=n, m=n + 1),
                type=self.type,
                description=self.description.format(n=n, m=n + 1),
                unit=self.unit,
            )
            for n in range(self.first, self.last + 1)
        ]


class Correction(Strict):
    """A known error of the publisher, as data: the cells it covers, what they really are, and who says so.

    The guard: a covered cell that does not hold `when_value` means that the publisher has fixed it, and the file is
    held until this row is taken out.
    """

    column: Text
    organisation_codes: tuple[str, ...]
    first_period: Text
    last_period: Text
    when_value: int
    status: Literal["not_collected", "missing", "not_applicable"]
    reason: Text
    provided_by: Text


class TextCorrection(Strict):
    """A text that a publisher's file writes wrongly in one period, as data: what it writes, what it means, and who says so.

    The guard: the parser takes a cell that says `as_written` for `means` and lets no third text through, so a file that
    the publisher has fixed is read as it stands (`ParseJob.corrected_text`).
    """

    column: Text
    period: Text
    as_written: Text
    means: Text
    reason: Text
    provided_by: Text


class Labels(Strict):
    """The words that a clean column may hold, because dbt joins or compares them; gate 1 holds a file with another one.

    A label that no model knows would fall out of a sum without a trace, or fail dbt and with it the whole release. The words
    are those of a seed of dbt (`seed`, `seed_columns`), a list (`values`), or, where a number or name is part of the
    label, a regular expression for the whole of it (`pattern`).
    """

    columns: tuple[Text, ...] = Field(min_length=1)
    """Clean columns; several are compared together, as a join does (metric and category)."""
    seed: str = ""
    seed_columns: tuple[Text, ...] = ()
    """Columns of the seed in the order of `columns`; without them those of the same names."""
    values: tuple[Text, ...] = ()
    pattern: Pattern = ""
    where: Text = "true"
    """The rows of which this is said, a SQL condition over the clean table: a column may hold several kinds of label."""
    severity: Literal["critical", "warning"] = "critical"
    """`warning` where an unknown label is left out on purpose: it is only named."""

    @model_validator(mode="after")
    def _one_list(self) -> Labels:
        if (bool(self.seed), bool(self.values), bool(self.pattern)).count(True) != 1:
            raise ValueError(f"labels of {', '.join(self.columns)}: say one of seed, values and pattern")
        if len(self.columns) != 1 and not self.seed:
            raise ValueError(f"labels of {', '.join(self.columns)}: several columns together need a seed")
        if self.seed_columns and len(self.seed_columns) != len(self.columns):
            raise ValueError(f"labels of {', '.join(self.columns)}: seed_columns must be as many")
        return self


class LinkName(Strict):
    """The facts that a source needs from the name of a file; how they are spelt is in lake/links.py.

    A name is taken when all of it is understood: at least one of `words` (where there are any), a period of one of the
    kinds, words for the edition (Perf, Final, Provisional, revised, v2), and nothing but `also` beside them. Publishers
    change case, separators and spellings; none of that needs a line here. What else lies on the page is in `left_out`
    of the source.
    """

    words: tuple[str, ...] = ()
    """Words of which at least one names the dataset; their blanks stand for any separator or none."""
    also: tuple[str, ...] = ()
    """Words that may be next to them and say nothing about which file it is."""
    period: tuple[Literal["day", "month", "season_month", "financial_year", "quarter", "year", "fixed"], ...]
    """Kinds of period, tried in this order: `day` 2025-06-29, `month` 2026-04, `season_month` (November 2223) 2022-11,
    `financial_year` fy2023-24, `quarter` fy2024-25-q3, `year` 2024, `fixed` the entity's `fixed_period`."""
    endings: tuple[Literal["csv", "zip", "xlsx", "ods"], ...]
    random_suffix: bool = False
    """The site adds up to eight random letters and digits to its names (`-WL5BiP`, `-58522`)."""
    first_period: str = ""
    last_period: str = ""
    """The periods whose files have the layout, where the publisher changed it; "" means without end on that side."""


class Reference(Strict):
    """A list of areas or organisations in another clean table that a table is compared with at gate 1.

    No two tables are references of each other, not even by way of a third.
    """

    source: Text
    entity: Text
    column: Text
    """Clean column of that table that holds the codes."""
    own: Text
    """Clean column of this table that holds the same codes."""
    match: Literal["equal", "covers"] = "equal"
    """`equal`: both hold the same codes. `covers`: this table holds every code of the other, and may hold more."""
    where: str = ""
    """SQL condition: the rows of this table that are compared (England, where the other list ends there)."""
    reference_where: str = ""
    """SQL condition: the rows of the other table that are compared."""
    severity: Literal["critical", "warning"] = "critical"
    """`warning` where no whole file has shown that every area has a row, or areas merge after the list: what is lacking is only named."""
    sums: tuple[Text, ...] = ()
    """Columns of both tables whose sums for each code are the same (a month by specialty and by age); compared where the other
    table has the same period in use."""


class FullSet(Strict):
    """Combinations of key columns that all are next to each combination of the other key columns (each trust and month has each
    measure), so that a row that was lost leaves a hole. Only where a real file has none."""

    columns: tuple[Text, ...] = Field(min_length=1)
    values: tuple[tuple[Text, ...], ...] = ()
    """The combinations, where a file of one area cannot show them; without them those that the file has."""
    where: Text = "true"
    """SQL condition: the rows of which this is said."""
    severity: Literal["critical", "warning"] = "critical"
    """`warning` where no real file has shown that every row is there: the rows that are lacking are only named."""

    @model_validator(mode="after")
    def _as_wide(self) -> FullSet:
        if any(len(row) != len(self.columns) for row in self.values):
            raise ValueError(f"full set of {', '.join(self.columns)}: each of its values needs as many words")
        return self


class ConfirmedBy(Strict):
    """The real file that has passed the parser and gate 1; a contract test reads it again."""

    period: Text
    address: Text
    """Without `https://`, as a mirror keeps it."""


class Entity(Strict):
    """One table that a source publishes, in files of one shape."""

    name: Text
    title: Text
    grain: Text
    link: LinkName | None = None
    """The facts to read from the name of a file that a landing page links to."""
    direct_addresses: tuple[str, ...] = ()
    """Addresses of files that have no landing page; `fixed_period` is their period."""
    link_pattern: Pattern = ""
    """A regular expression searched in the decoded address of a question to an interface. Where several files of one period
    belong together (one for each indicator of Fingertips), its group `part` tells them apart."""
    fixed_period: str = ""
    format: Literal["csv", "zip_csv", "xlsx", "ods", "json", "csv_or_xlsx", "csv_or_zip", "xlsx_or_ods", "json_or_csv"]
    """`csv_or_xlsx`: a CSV that some addresses hold saved as a workbook of one sheet; `csv_or_zip`: a CSV, alone or the only
    one of a ZIP; `xlsx_or_ods`: a workbook of either kind; `json_or_csv`: an answer of an interface in either form. The address's ending says which."""
    format_status: Literal["confirmed", "unconfirmed"] | None = None
    """Only where it differs from the source's: `unconfirmed` for a table of which no real file has been read."""
    confirmed_by: ConfirmedBy | None = None
    """The newest real file with which the format was confirmed; every confirmed table names one, and no other does."""
    has_header: bool = True
    max_bytes: int = 50_000_000
    max_unpacked_bytes: int = 300_000_000
    columns: tuple[FileColumn | RepeatedColumn, ...]
    exact_text: bool = False
    """Take text as it stands. For large files: taking blanks off thirteen columns costs a quarter of the parse of RTT."""
    extra_columns: Literal["refuse", "ignore_blank", "ignore"] = "refuse"
    """`ignore_blank`: headings that are blank or one letter, over blank cells, are listed and left out (A&E 2024-09)."""
    preamble_lines: int = 0
    """How many lines may stand above the header (Nomis: 5 to 7); they are listed in the parse report."""
    footer_pattern: Pattern = ""
    """A line below the data that matches this begins the footer; footer lines are listed in the parse report."""
    clean: tuple[CleanColumn | RepeatedCleanColumn, ...]
    period_column: str = "period_start"
    """The clean column that must equal the period of the address; "" where a file carries no period."""
    minimum_records: int = 1
    maximum_records: int = 50_000_000
    usual_records: int = 0
    """Records of the publisher's available file, which is that of `known_period`. A first file has nothing before it, so it is
    compared with this (lake/acceptance.py): one of that period must have all of them."""
    absent_row: Literal["zero", "added_up", "gap"]
    """What becomes of a figure whose row is not there. `zero`: readers take it for 0. `added_up`: it falls out of a total, a
    rank or a denominator. In either case one rejected row holds the file. `gap`: only its own figure is missing, and no sum is made of the rows."""
    maximum_rejected_share: float = 0
    """Of an entity whose absent rows are gaps: the share of rows that may break a rule while the others are used."""
    complete_against: tuple[Reference, ...] = ()
    """Lists that show whether rows were lost (lake/completeness.py)."""
    full_sets: tuple[FullSet, ...] = ()
    """What shows within the table that a row was lost (lake/completeness.py)."""
    lost_row_unseen: str = ""
    """Why nothing shows that the first file of the table lost a row, or which rows; "" where every one is seen."""
    corrections: tuple[Correction, ...] = ()
    text_corrections: tuple[TextCorrection, ...] = ()
    labels: tuple[Labels, ...] = ()
    """Code lists of clean columns, asked at gate 1 (quality/labels.py)."""

    def format_of(self, address: str) -> Literal["csv", "zip_csv", "xlsx", "ods", "json"]:
        """Return the format of the file at an address."""
        ending = unquote(urlsplit(address).path).lower().rpartition(".")[2]
        match self.format:
            case "csv_or_xlsx":
                return "xlsx" if ending == "xlsx" else "csv"
            case "csv_or_zip":
                return "zip_csv" if ending == "zip" else "csv"
            case "json_or_csv":  # an interface says it in the name of its answer: rawDataJSON, rawDataCSV
                return "csv" if ending.endswith("csv") else "json"
            case "xlsx_or_ods":
                return "ods" if ending == "ods" else "xlsx"
            case one:
                return one

    @property
    def file_columns(self) -> list[FileColumn]:
        """Return every column of the file, repeated ones expanded."""
        singles = [single for c in self.columns for single in (c.expand() if isinstance(c, RepeatedColumn) else [c])]
        return [single.model_copy(update={"exact": True}) for single in singles] if self.exact_text else singles

    @property
    def clean_columns(self) -> list[CleanColumn]:
        """Return every column of the clean table, repeated ones expanded."""
        return [single for c in self.clean for single in (c.expand() if isinstance(c, RepeatedCleanColumn) else [c])]

    @property
    def known_period(self) -> str:
        """Return the period of the file that `usual_records` counts; "" where no file was read."""
        return self.fixed_period or (self.confirmed_by.period if self.confirmed_by else "")

    @property
    def key(self) -> list[str]:
        """Return the columns that name a row of the clean table."""
        return [column.name for column in self.clean_columns if column.key]

    @model_validator(mode="after")
    def _key_and_names(self) -> Entity:
        if bool(self.link) == bool(self.direct_addresses or self.link_pattern):
            raise ValueError(f"entity {self.name}: needs either link or addresses that no page links to")
        if self.direct_addresses and not self.fixed_period:
            raise ValueError(f"entity {self.name}: direct_addresses need a fixed_period")
        names = [column.name for column in self.clean_columns]
        if len(set(names)) != len(names):
            raise ValueError(f"entity {self.name}: a clean column stands twice")
        if not self.key:
            raise ValueError(f"entity {self.name}: no clean column is marked as key")
        if self.maximum_rejected_share and self.absent_row != "gap":
            raise ValueError(
                f"entity {self.name}: a rejected row would change a figure, so maximum_rejected_share must be 0"
            )
        unknown = sorted({name for labels in self.labels for name in labels.columns} - set(names))
        if unknown:
            raise ValueError(f"entity {self.name}: labels of {', '.join(unknown)}, which is no clean column")
        strange = {reference.own for reference in self.complete_against} - set(names)
        if strange:
            raise ValueError(
                f"entity {self.name}: complete_against names {sorted(strange)}, which are no clean columns"
            )
        no_key = {name for full_set in self.full_sets for name in full_set.columns} - set(self.key)
        if no_key:
            raise ValueError(f"entity {self.name}: full_sets names {sorted(no_key)}, which are no key columns")
        if self.period_column and self.period_column not in names:
            raise ValueError(f"entity {self.name}: period_column {self.period_column} is not a clean column")
        return self


class LandingPage(Strict):
    """A page that links to files, or to pages that do."""

    address: Text
    """May hold `{financial_year}` (2025-26), filled for every year from `first_financial_year` to the current one, or to `last_financial_year`."""
    first_financial_year: int | None = None
    last_financial_year: int | None = None
    follow_pattern: Pattern = ""
    """Links of this page that lead to further landing pages."""
    required: bool = True
    """Whether its absence is reported when other landing pages of the source were found."""


class Calendar(Strict):
    """When the publisher brings out the next period, for freshness."""

    rule: Literal["second_thursday", "days_after_period_end", "irregular"]
    lag_days: int = 0
    """`days_after_period_end`: days from the end of a period to its file; `second_thursday`: days from the end of a
    period to the start of the month whose second Thursday is the day of publication."""
    grace_days: int = 7
    months_per_period: int = 1


class Source(Strict):
    """One published dataset of one publisher."""

    slug: Text
    title: Text
    why: Text
    publisher: Text
    owner: Text
    licence: Text
    attribution: Text
    documentation: Text
    cadence: Literal["monthly", "quarterly", "annual", "irregular"]
    monthly_partitions_from: dt.date | None = None
    """The first month, where the source has months that can be back-filled one by one."""
    calendar: Calendar
    hosts: tuple[str, ...]
    landing_pages: tuple[LandingPage, ...] = ()
    left_out: tuple[Pattern, ...] = ()
    """Names of data files on the landing pages that are left out on purpose: regular expressions, searched in the decoded
    file name whatever its case. A data link that is neither taken nor named here is reported."""
    format_status: Literal["confirmed", "unconfirmed"]
    notes: tuple[str, ...] = ()
    entities: tuple[Entity, ...]

    @model_validator(mode="after")
    def _guesses_are_unconfirmed(self) -> Source:
        confirmed = [e for e in self.entities if self.format_status_of(e.name) == "confirmed"]
        guessed = [c.name for e in confirmed for c in e.file_columns if c.guessed]
        if guessed:
            raise ValueError(f"format_status is confirmed, but these columns are marked guessed: {', '.join(guessed)}")
        return self

    @property
    def references(self) -> set[str]:
        """Return the slugs of the other sources that must be judged first, because tables of this one are compared with theirs."""
        return {r.source for entity in self.entities for r in entity.complete_against} - {self.slug}

    def format_status_of(self, entity: str) -> Literal["confirmed", "unconfirmed"]:
        """Return whether a real file of that table has been read; raises KeyError with the source's own name."""
        return self.entity(entity).format_status or self.format_status

    @property
    def stated_format_status(self) -> str:
        """Return what dim_source says: `partly_confirmed` where some tables were read from real files and some were not."""
        statuses = {self.format_status_of(entity.name) for entity in self.entities}
        return statuses.pop() if len(statuses) == 1 else "partly_confirmed"

    def entity(self, name: str) -> Entity:
        """Return the entity of that name; raises KeyError with the source's own name."""
        for entity in self.entities:
            if entity.name == name:
                return entity
        raise KeyError(f"{self.slug} has no entity {name!r}")

    @property
    def folder(self) -> Path:
        """Return where the source lives in the package."""
        return SOURCES_FOLDER / self.slug

    @cached_property
    def fingerprint(self) -> str:
        """Return a text that changes whenever the contract, the parser or the toolkit does, so that clean tables are made again."""
        digest = hashlib.sha256()
        shared = (SOURCES_FOLDER.parent / "lake" / f"{name}.py" for name in TOOLKIT)
        for path in (self.folder / "source.yml", self.folder / "parse.py", *shared):
            digest.update(path.read_bytes())
        return digest.hexdigest()[:8]


def read_source(folder: Path) -> Source:
    """Read the contract in `folder`/source.yml; raises ContractError naming file and field."""
    path = folder / "source.yml"
    try:
        source = Source.model_validate(read_yaml(path))
    except (OSError, yaml.YAMLError, ValidationError) as error:
        raise ContractError(f"{path.parent.name}/{path.name}: {error}") from error
    if source.slug != folder.name or not SLUG.fullmatch(source.slug):
        raise ContractError(f"{path.parent.name}/{path.name}: slug {source.slug!r} is not the folder's name")
    return source


@cache
def load_sources() -> dict[str, Source]:
    """Load all sources by slug, in alphabetical order."""
    folders = sorted(path.parent for path in SOURCES_FOLDER.glob("*/source.yml"))
    return {folder.name: read_source(folder) for folder in folders}
