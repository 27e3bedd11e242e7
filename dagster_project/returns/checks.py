"""The runner of a collection's rules: DuckDB over `rows`, every failure a row of the table `failing`.

One runner for all nine returns; what a rule looks for is in its YAML. Nothing here knows a return by name.
"""

# ruff: noqa: S608 - every name in the SQL is quoted by duck.quote_identifier; the rules' SQL is that of the contracts
from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import duckdb

from dagster_project.contracts.collection import Collection, Rule, Severity, load_common
from dagster_project.duck import quote_identifier as _q
from dagster_project.returns.codes import read_seed
from dagster_project.returns.submission import Context, Manifest
from dagster_project.returns.typed import CellCheck

SEED_TYPES = {"integer": {"sort_order", "wave_from", "wave_to", "total_from", "total_to"}}
SEED_TABLES = {"survey_question": "survey_question", "survey_option": "survey_option", "eds_band": "eds_band"} | {
    "accommodation_status": "accommodation_status",
    "code_list": "return_code",
    "ethnic_groups": "ethnic_category",
}
"""Name in the rules' SQL -> seed."""
Unread = Literal["", "counts", "rows"]
"""What of a file could not be read: single counts, or whole rows (their counts with them)."""


@dataclass(frozen=True)
class Check:
    """One numbered look at the rows: a rule, or one cell check of it, with the words of its findings."""

    number: int
    rule: str
    severity: Severity
    column: str | None
    what: str
    why: str
    mend: str
    group: tuple[str, ...] = ()


@dataclass
class Runner:
    """Runs checks and keeps what they found in the connection."""

    con: duckdb.DuckDBPyConnection
    collection: Collection
    limits: Mapping[str, Mapping[str, float]]
    checks: list[Check] = field(default_factory=list)
    _asked: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.con.execute("create table failing (check_number usmallint, row_number bigint)")

    def add(self, rule: Rule, *, column: str | None = None, what: str = "", mend: str = "") -> Check:
        """Number a check of the rule; words of its own are in place of the rule's."""
        limits = self.limits.get(rule.id, {})
        check = Check(
            number=len(self.checks),
            rule=rule.id,
            severity=rule.severity,
            column=column or (rule.columns[0] if rule.columns else None),
            what=(what or rule.what).format(**limits),
            why=rule.why.format(**limits),
            mend=(mend or rule.mend).format(**limits),
            group=rule.group,
        )
        self.checks.append(check)
        return check

    # -- cells, in the pass that typed them ----------------------------------------------------------------------------

    def cells(self, cell_checks: list[CellCheck]) -> None:
        """Report what `rows.bad` says."""
        found = self.con.execute("select coalesce(bit_or(bad), 0) from rows").fetchone()
        mask = int(found[0]) if found else 0
        for place, cell_check in enumerate(cell_checks):
            if mask >> place & 1:
                rule = load_common().rule(cell_check.rule)
                check = self.add(rule, column=cell_check.column, what=cell_check.what, mend=cell_check.mend)
                bit = 1 << place
                self._keep(check, f"select row_number from rows where bad & {bit}::ubigint <> 0")

    def _keep(self, check: Check, sql: str) -> None:
        self._asked.append(f"select distinct {check.number}, row_number from ({sql})")

    def _find(self) -> None:
        """Ask all checks at once: a small file's time is the number of statements."""
        if self._asked:
            self.con.execute(f"insert into failing {' union all '.join(self._asked)}")
            self._asked.clear()

    # -- rows against the manifest and each other ----------------------------------------------------------------------

    def against_manifest(self, manifest: Manifest) -> None:
        """C03 and M03: the organisation and the period of every row are those of the manifest."""
        common, names = load_common(), {column.name for column in self.collection.columns}
        if "org_code" in names:
            check = self.add(
                common.rule("C03"), column="org_code", what="the row is of another organisation than the manifest"
            )
            self._keep_where(check, f"org_code is not null and org_code <> '{manifest.org_code}'")
        if self.collection.period_column:
            column = self.collection.period_column
            check = self.add(common.rule("M03"), column=column, what="the row is of another period than the manifest")
            self._keep_where(check, f"not ({self._of_the_period(_q(column))})")

    def _of_the_period(self, column: str) -> str:
        """SQL that is true for a row of the manifest's period; NULL, which C08 names, is not false."""
        return {
            "date": f"{column} = period_end()",
            "within": f"({column} = last_day({column}) and {column} between period_start() and period_end()) "
            "or measure_code = 'POP_DENOMINATOR'",
            "year": f"{column} = cast(year(period_end()) as varchar)",
            "financial_year": f"{column} = (year(period_start())) || '/' || right(cast(year(period_end()) as varchar), 2)",
        }[self.collection.period_form]

    def _keep_where(self, check: Check, condition: str) -> None:
        self._keep(check, f"select row_number from rows where {condition}")

    def key(self, cell_checks: list[CellCheck]) -> None:
        """C04, among rows whose key could be read: NULLs of wrong codes would look like repetitions."""
        key = ", ".join(_q(name) for name in self.collection.key)
        names = set(self.collection.key)
        mask = sum(1 << place for place, check in enumerate(cell_checks) if check.column in names)
        check = self.add(load_common().rule("C04"), column=self.collection.key[-1])
        repeated = self.con.execute(
            f"select count(*) - count(distinct ({key})) from rows where bad & {mask}::ubigint = 0"
        ).fetchone()
        if repeated and repeated[0]:
            self._keep(
                check,
                f"select row_number from rows where bad & {mask}::ubigint = 0 "
                f"qualify row_number() over (partition by {key} order by row_number) > 1",
            )

    # -- the collection's rules ----------------------------------------------------------------------------------------

    def rules(self, at_hand: set[str], unread: Unread = "") -> Iterator[tuple[Rule, str]]:
        """Run every rule that can be run; gives those that cannot, with what is lacking.

        Where counts could not be read, sums over the whole file are not known; a rule of groups (G) leaves out by its own SQL
        the groups that hold such a count. Where whole rows could not be read, no sum is known.
        """
        by_row: list[tuple[Check, str]] = []
        for rule in self.collection.rules:
            lacking: list[str] = [need for need in rule.needs if need not in at_hand]
            if (unread == "rows" or (unread == "counts" and rule.severity != "G")) and self._sums_counts(rule):
                lacking.append(unread)
            if lacking:
                yield rule, lacking[0]
                continue
            check = self.add(rule)
            limits = self.limits.get(rule.id, {})
            if rule.row_sql:
                by_row.append((check, rule.row_sql.format(**limits)))
            else:
                self._keep(check, rule.sql.format(**limits))
        self._by_row(by_row)

    def _sums_counts(self, rule: Rule) -> bool:
        """Whether a rule between rows looks at a count."""
        names = "|".join(map(re.escape, self.collection.count_columns))
        return bool(rule.sql and names and re.search(rf"\b({names})(_low|_high|_suppressed)?\b", rule.sql))

    def _by_row(self, checks: list[tuple[Check, str]]) -> None:
        """All rules of single rows in one pass; only those that found something are asked which rows."""
        if not checks:
            return
        counted = ", ".join(f"count(*) filter ({condition})" for _, condition in checks)
        found = self.con.execute(f"select {counted} from rows").fetchone() or ()
        for (check, condition), count in zip(checks, found, strict=True):
            if count:
                self._keep_where(check, condition)

    # -- what is left out ----------------------------------------------------------------------------------------------

    def leave_out(self) -> None:
        """Return `left_out`: the rows that R sets aside and the groups that G refuses, with the rule; a row may stand twice."""
        self._find()
        self.con.execute("create table left_out (row_number bigint, rule varchar, is_group boolean)")
        self.con.execute("create table refused_group (check_number usmallint)")
        found = {number for (number,) in self.con.execute("select distinct check_number from failing").fetchall()}
        for check in (one for one in self.checks if one.number in found):
            if check.severity == "R":
                self.con.execute(
                    f"insert into left_out select row_number, ?, false from failing "
                    f"where check_number = {check.number} and row_number is not null",
                    [check.rule],
                )
            elif check.severity == "G":
                self._leave_out_groups(check)

    def _leave_out_groups(self, check: Check) -> None:
        group = ", ".join(_q(name) for name in check.group)
        groups = (
            f"select distinct {group} from rows semi join failing "
            f"on failing.row_number = rows.row_number and check_number = {check.number}"
        )
        self.con.execute(f"insert into refused_group select {check.number} from ({groups})")
        same = " and ".join(f"rows.{_q(name)} is not distinct from groups.{_q(name)}" for name in check.group)
        self.con.execute(
            f"insert into left_out select rows.row_number, ?, true from rows semi join ({groups}) as groups on {same}",
            [check.rule],
        )


# -- what the rules' SQL may name --------------------------------------------------------------------------------------


def prepare_names(con: duckdb.DuckDBPyConnection, collection: Collection, manifest: Manifest, context: Context) -> None:
    """Tables, views and macros beside `rows`: the manifest, the seeds that a rule names, published totals, metrics."""
    con.execute(
        "create table manifest as select ?::date as period_start, ?::date as period_end, ?::double as control_total, "
        "? as disclosure_profile, ? as imd_version",
        [
            manifest.period_start,
            manifest.period_end,
            manifest.control_total,
            manifest.disclosure_profile,
            manifest.imd_version,
        ],
    )
    con.execute(f"create macro is_safe() as {str(manifest.is_safe).lower()}")
    con.execute(f"create macro has_known_issues() as {str(manifest.has_known_issues).lower()}")
    con.execute(f"create macro period_start() as date '{manifest.period_start.isoformat()}'")
    con.execute(f"create macro period_end() as date '{manifest.period_end.isoformat()}'")
    con.execute("create macro is_ethnic_category(code) as length(cast(code as varchar)) <= 2")
    con.execute(
        "create macro is_imd_decile(code) as cast(code as varchar) <> 'ALL' and left(cast(code as varchar), 1) <> 'Q'"
    )
    # A small file's time is the number of statements: what no rule can use is not loaded.
    usable = [rule for rule in collection.rules if "previous" not in rule.needs or context.previous is not None]
    needed = {need for rule in usable for need in rule.needs}
    for name, seed in SEED_TABLES.items():
        if any(name in rule.sql for rule in usable):
            _load_seed(con, name, seed, context.seeds)
    if context.published_totals is not None and "published" in needed:
        _load_pairs(con, "published", "source varchar, total bigint", list(context.published_totals.items()))
    if context.metrics is not None and "metrics" in needed:
        _load_pairs(con, "metrics", "metric_id varchar", [(metric,) for metric in sorted(context.metrics)])


def _load_seed(con: duckdb.DuckDBPyConnection, name: str, seed: str, folder: Path) -> None:
    rows = read_seed(seed, folder)
    columns = [(column, "integer" if column in SEED_TYPES["integer"] else "varchar") for column in rows[0]]
    lists = [[row[column] or None for row in rows] for column, _ in columns]
    selected = ", ".join(f"cast(unnest(?::varchar[]) as {kind}) as {_q(column)}" for column, kind in columns)
    con.execute(f"create table {_q(name)} as select {selected}", lists)


def _load_pairs(con: duckdb.DuckDBPyConnection, name: str, columns: str, rows: list[tuple[object, ...]]) -> None:
    con.execute(f"create table {_q(name)} ({columns})")
    if rows:
        lists = [list(column) for column in zip(*rows, strict=True)]
        con.execute(f"insert into {_q(name)} select {', '.join('unnest(?)' for _ in lists)}", lists)


def make_views(con: duckdb.DuckDBPyConnection, collection: Collection, table: str, prefix: str = "") -> None:
    """Return `judged` and `headline` over a table (over `previous` with a prefix)."""
    judged = collection.judged.replace("{table}", table)
    con.execute(f"create view {_q(prefix + 'judged')} as select * from {_q(table)} where {judged}")
    con.execute(
        f"create view {_q(prefix + 'headline')} as select * from {_q(prefix + 'judged')} where {collection.headline}"
    )
