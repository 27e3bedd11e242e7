"""Read a snapshot under its contract: the toolkit that every sources/<slug>/parse.py uses (clean_writer.py writes the Parquet).

The rules are in source.yml; this module turns them into one DuckDB query. Nothing is sniffed: the dialect is pinned, every
column is named and read as text, and an independent count of the records proves that rows in = loaded + rejected.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import takewhile
from pathlib import Path
from typing import Any

import duckdb

from dagster_project.contracts.source import Entity, FileColumn, Source
from dagster_project.duck import MACHINE_ERRORS, quote_identifier, quote_literal
from dagster_project.lake.archives import ArchiveLimits, extract_only_member
from dagster_project.lake.columns import (
    BLANKS,
    THOUSANDS,
    Rule,
    all_valid,
    error_rules,
    extra_rule,
    is_unmarked_count,
    rules_of,
    trimmed,
    typed_cells,
    without_blanks,
    without_break,
    without_errors,
)
from dagster_project.lake.content import (
    cells_of_unended_line,
    check_content,
    count_records,
    detect_encoding,
    lines_ending_in_counts,
    may_hold_errors,
    rewrite_as_utf8,
)
from dagster_project.lake.discovery import period_bounds
from dagster_project.lake.files import LakeError
from dagster_project.lake.headings import Layout, csv_sql, in_folder, record_lines, sheet_as_csv
from dagster_project.lake.parse_report import ParseError, ParseReport
from dagster_project.lake.snapshots import Snapshot

STREAMED_BYTES = 20_000_000
"""Text files above this are read by a view, twice if need be, instead of being held as a table of text."""


class ParseJob:
    """One snapshot on its way to a clean table; what parse.py works with."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        source: Source,
        entity: Entity,
        snapshot: Snapshot,
        workspace: Path,
        report: ParseReport,
    ) -> None:
        self.connection = connection
        self.source = source
        self.entity = entity
        self.snapshot = snapshot
        self.workspace = workspace
        self.report = report
        self.streamed = False
        self._text_sql = ""
        self._text_path = snapshot.path
        self._pending: tuple[list[Rule], Layout | None] = ([], None)
        self.period_start, self.period_end = period_bounds(snapshot.period)
        connection.execute(
            "create or replace temp table rejects (record_number bigint, column_name varchar, rule varchar, cell varchar)"
        )

    # -- reading ---------------------------------------------------------------------------------------------------

    def read_csv(self) -> str:
        """Read the snapshot's CSV under the contract; the name of a relation with typed, valid rows.

        Raises ParseError naming file, column and rule when the file as a whole breaks its contract.
        """
        path = self._text_file()
        layout = Layout.find(path, self)
        trimmed = layout.trim(path, self.workspace)
        records, breaks_in_cells = _count_below(trimmed, path)
        self.report.records_in = records - layout.has_header
        self._refuse_cut_line(trimmed, len(layout.names))
        self.streamed = trimmed.stat().st_size > STREAMED_BYTES
        self._text_sql, self._text_path = csv_sql(trimmed, layout), trimmed
        proved = frozenset() if breaks_in_cells else self._proved_counts(layout)
        return self._type(layout.names, layout, breaks_in_cells, proved)

    def _refuse_cut_line(self, path: Path, columns: int) -> None:
        cells = cells_of_unended_line(path)
        if cells is not None and cells < columns:
            raise self.error(
                f"its last line has {cells} of {columns} cells and no line end, so the file was cut",
                "fetch the file again; if it is the same, ask its publisher for the whole of it",
            )

    def read_rows(
        self, rows: Iterable[tuple[int, Mapping[str, str | None]]], names: Sequence[str] | None = None
    ) -> str:
        """Return the same for rows that parse.py took out of a workbook: (row number in the sheet, cells by contract name)."""
        columns = list(names or [column.name for column in self.entity.file_columns])
        listed = list(rows)
        definitions = ", ".join(f"{quote_identifier(name)} varchar" for name in columns)
        self.connection.execute(f"create or replace temp table workbook_rows (_record bigint, {definitions})")
        if listed:
            lists = ", ".join(f"unnest(${place})" for place in range(1, len(columns) + 2))
            values = [[number for number, _ in listed], *([cells.get(name) for _, cells in listed] for name in columns)]
            self.connection.execute(f"insert into workbook_rows select {lists}", values)
        self.report.records_in = len(listed)
        self._text_sql = "select * from workbook_rows"
        return self._type(columns, None)

    def _text_file(self) -> Path:
        path = self.snapshot.path
        if self.entity.format == "csv_or_xlsx" and path.suffix.lower() == ".xlsx":
            path = sheet_as_csv(path, in_folder(self.workspace / "sheet", f"{path.stem}.csv"), self)
        elif self.entity.format_of(path.name) == "zip_csv":
            unpacked = in_folder(self.workspace / "unpacked", f"{path.stem}.csv")
            limits = ArchiveLimits(maximum_total_bytes=self.entity.max_unpacked_bytes)
            self.report.file += " > " + extract_only_member(path, unpacked, suffix=".csv", limits=limits)
            check_content(unpacked, "csv")
            path = unpacked
        self.report.encoding = detect_encoding(path)
        if self.report.encoding != "utf-8":
            path = rewrite_as_utf8(path, self.report.encoding, in_folder(self.workspace / "utf8", path.name))
        return path

    # -- typing ----------------------------------------------------------------------------------------------------

    def _proved_counts(self, layout: Layout) -> frozenset[str]:
        """The counts at the end of the lines of a large file, if its bytes show that all of them are whole numbers or blank.

        The 108 of RTT need no look at each cell then: a fifth of the time of a month.
        """
        unmarked = {column.name for column in self.entity.file_columns if is_unmarked_count(column)}
        last = list(takewhile(unmarked.__contains__, reversed(layout.names)))
        if not self.streamed or not last:
            return frozenset()
        proved = lines_ending_in_counts(self._text_path, len(last)) == self.report.records_in
        return frozenset(last if proved else ())

    def _type(
        self,
        names: Sequence[str],
        layout: Layout | None,
        breaks_in_cells: bool = False,
        proved: frozenset[str] = frozenset(),
    ) -> str:
        columns = [column for column in self.entity.file_columns if column.name in names]
        if not proved:
            self._take_off_thousands_marks(columns)
        extras = [name for name in names if name.startswith("_extra_")]
        rules = [rule for column in columns for rule in rules_of(column)]
        rules += [extra_rule(name) for name in extras]
        valid = all_valid(columns, rules, proved)
        texts = [column.name for column in columns if column.type == "text" and not column.allowed]
        if texts and breaks_in_cells:
            # Of the 60 real CSV files none holds a line break in a cell; a stray quotation mark makes one.
            rules += [
                (name, "the cell must not hold a line break", without_break(quote_identifier(name))) for name in texts
            ]
            valid += " and " + without_break(f"concat_ws('', {', '.join(map(quote_identifier, texts))})")
        errors = error_rules(columns) if layout is None or may_hold_errors(self._text_path) else []
        if errors:
            rules += errors
            valid += f" and {without_errors(errors)}"
        select_list = ", ".join(
            expression for column in columns for expression in typed_cells(column, column.name in proved)
        )
        text_sql = csv_sql(self._text_path, layout, proved) if layout is not None and proved else self._text_sql
        self._create_typed(f"select {select_list} from ({text_sql}) where {valid}")
        if not self.streamed:
            self.report.records_loaded = self.count("typed")
            self._prove(rules, layout)
        else:
            self._pending = (rules, layout)
        return "typed"

    def _take_off_thousands_marks(self, columns: list[FileColumn]) -> None:
        """Read "2,390" as 2390 in a column of counts, and count the cells. A file without a comma in a count is left as it is."""
        counts = [column for column in columns if column.type == "count"]
        if not counts:
            return
        marked = {c.name: f"regexp_full_match({trimmed(c)}, {quote_literal(THOUSANDS)})" for c in counts}
        sums = ", ".join(f"count(*) filter (where {condition})" for condition in marked.values())
        joined = ", ".join(map(quote_identifier, marked))
        some = f"contains(concat_ws(chr(31), {joined}), ',')"
        found = self.on_text(f"select {sums} from ({self._text_sql}) where {some}").fetchone() or ()
        self.report.thousands_marks = {name: cells for name, cells in zip(marked, found, strict=True) if cells}
        without = [
            f"case when {marked[name]} then replace({quote_identifier(name)}, ',', '') else {quote_identifier(name)} end as {quote_identifier(name)}"
            for name in self.report.thousands_marks
        ]
        if without:
            self._text_sql = f"select * replace ({', '.join(without)}) from ({self._text_sql})"

    def _create_typed(self, select: str) -> None:
        kind = "view" if self.streamed else "table"
        self.on_text(f"create or replace temp {kind} typed as {select}")

    def on_text(self, statement: str) -> duckdb.DuckDBPyConnection:
        try:
            return self.connection.execute(statement)
        except MACHINE_ERRORS:
            raise
        except duckdb.Error as error:
            raise self.error(f"it cannot be read as CSV: {str(error).splitlines()[0]}", "look at the file") from error

    def prove_streamed(self, loaded: int) -> None:
        """Prove the same of a file that was streamed: the rows are counted once they are written."""
        self.report.records_loaded = loaded
        self._prove(*self._pending)

    def _prove(self, rules: list[Rule], layout: Layout | None) -> None:
        """Rows in = loaded + rejected, or ParseError. Looks for the rejected rows only when the counts differ."""
        if self.report.records_loaded != self.report.records_in:
            self._collect_rejects(rules, layout)
            found = "select count(distinct record_number) from rejects"
            self.report.records_rejected = int(one_cell(self.connection, found))
        total = self.report.records_loaded + self.report.records_rejected
        if total != self.report.records_in:
            raise self.error(
                f"{self.report.records_in:,} records by an independent count, but {self.report.records_loaded:,} loaded and "
                f"{self.report.records_rejected:,} rejected",
                "look for a stray quote, an embedded line break or a change of separator",
            )
        self._check_volume()

    def _collect_rejects(self, rules: list[Rule], layout: Layout | None) -> None:
        if layout is not None:
            self._collect_broken_lines(layout)
            kept = f"select row_number() over () as _place, * from ({self._text_sql})"
            numbered = (
                f"select line as _record, kept.* exclude (_place) from ({kept}) kept join whole on place = _place"
            )
        else:
            numbered = self._text_sql
        condition = " and ".join(f"({valid})" for _, _, valid in rules) or "true"
        self.on_text(
            f"create or replace temp table suspects as select * from ({numbered}) where ({condition}) is not true"
        )
        if layout is not None:
            self._pass_over_blank_rows(layout.names)
        for name, rule, valid in rules:
            self.connection.execute(
                f"insert into rejects select _record, ?, ?, {quote_identifier(name)} from suspects where ({valid}) is not true",
                [name, rule],
            )

    def _pass_over_blank_rows(self, names: Sequence[str]) -> None:
        """Lines of separators alone, as a spreadsheet saves the blank rows of a sheet, are no records."""
        cells = f"concat_ws('', {', '.join(map(quote_identifier, names))})"
        blanks = f"delete from suspects where {without_blanks(cells, BLANKS)} is null"
        (blank,) = self.on_text(blanks).fetchone() or (0,)
        if blank:
            self.set_aside("blank rows", blank)
            self.report.records_in -= blank

    def _collect_broken_lines(self, layout: Layout) -> None:
        """Lines with too few or too many cells, by DuckDB's own rejects table; `whole` numbers the rows that it returns."""
        reading = self._text_sql.replace("ignore_errors=true", "store_rejects=true")
        self.on_text(f"select count(*) from ({reading})").fetchall()
        counted, lines = record_lines(self._text_path, layout)
        self.connection.execute(
            "create or replace temp table records as select unnest(?::bigint[]) as counted, unnest(?::bigint[]) as line",
            [counted, lines],
        )
        self.connection.execute(
            "insert into rejects select records.line, null, 'a line that does not have one cell a column: ' || "
            "any_value(error_type::varchar), null from reject_errors join records on counted = reject_errors.line group by all"
        )
        self.connection.execute(
            "create or replace temp table whole as select line, row_number() over (order by line) as place from records "
            "where counted not in (select line from reject_errors)"
        )

    def _check_volume(self) -> None:
        entity, report = self.entity, self.report
        if not entity.minimum_records <= report.records_in <= entity.maximum_records:
            raise self.error(
                f"{report.records_in:,} records, where {entity.minimum_records:,} to {entity.maximum_records:,} are expected",
                "look whether the publisher cut the file; change minimum_records in source.yml if it is genuine",
            )
        if report.records_rejected > entity.maximum_rejected_share * report.records_in:
            found = self.connection.execute(
                "select record_number, column_name, rule from rejects order by all limit 3"
            ).fetchall()
            named = [f"row {line}{f', column {column}' if column else ''}: {rule}" for line, column, rule in found]
            allowed = {
                "zero": "and a row that is left out would be read as 0",
                "added_up": "and a row that is left out would be missing from a total",
                "gap": f"more than the share of {entity.maximum_rejected_share:.1%} that is let through",
            }[entity.absent_row]
            raise self.error(
                f"{report.records_rejected:,} of {report.records_in:,} rows break a rule, {allowed}; "
                f"the first is {'; then '.join(named)}",
                "compare the file with the contract in source.yml",
            )

    # -- what parse.py may ask ---------------------------------------------------------------------------------------

    def count(self, relation: str, condition: str = "true") -> int:
        """Return how many rows of a relation meet a condition."""
        return int(one_cell(self.connection, f"select count(*) from {quote_identifier(relation)} where {condition}"))

    def count_records(self, condition: str) -> int:
        """Return how many records of the file meet a condition over its texts as written, whatever the rules say of them."""
        return int(self.on_text(f"select count(*) from ({self._text_sql}) where {condition}").fetchall()[0][0])

    def corrected_text(self, column: str) -> str:
        """Return SQL for a text column of `typed` with the publisher's known errors of this period put right, which are counted."""
        known = [c for c in self.entity.text_corrections if c.column == column and c.period == self.snapshot.period]
        for row in known:
            covered = f"{quote_identifier(column)} = {quote_literal(row.as_written)}"
            applied = self.report.corrections_applied
            applied[column] = applied.get(column, 0) + self.count("typed", covered)
        cases = " ".join(f"when {quote_literal(row.as_written)} then {quote_literal(row.means)}" for row in known)
        return (
            f"case {quote_identifier(column)} {cases} else {quote_identifier(column)} end"
            if known
            else quote_identifier(column)
        )

    def set_aside(self, reason: str, rows: int) -> None:
        """Say that rows of the file were used and left out (a TOTAL row that served as a checksum)."""
        self.report.set_aside[reason] = self.report.set_aside.get(reason, 0) + rows

    def require_none(self, query: str, rule: str, next_step: str) -> None:
        """Refuse the file if the query returns a row; the first three are named in the error."""
        rows = self.connection.execute(query).fetchmany(3)
        if rows:
            shown = "; ".join(", ".join("" if cell is None else str(cell) for cell in row) for row in rows)
            raise self.error(f"{rule}: {shown}", next_step)

    def error(self, why: str, next_step: str) -> ParseError:
        """Return a refusal of the whole file."""
        if self.source.format_status_of(self.entity.name) == "unconfirmed":
            next_step += "; this format was never confirmed: columns that are guessed say so in source.yml"
        return ParseError(self.report.name, why, next_step)


def _count_below(trimmed: Path, path: Path) -> tuple[int, bool]:
    """`count_records` of the file without what stands above and below its table; an error says the line of the whole file."""
    try:
        return count_records(trimmed)
    except LakeError:
        count_records(path)
        raise


def one_cell(con: duckdb.DuckDBPyConnection, query: str) -> Any:
    row = con.execute(query).fetchone()
    assert row is not None  # noqa: S101 - an aggregate without GROUP BY always returns a row
    return row[0]
