"""marts.xlsx: an accessible workbook by the Government Analysis Function's rules, made with its own library gptables.

Cover, contents, notes, then one table a sheet, each marked as a table with a title, its unit and the meaning of the shorthand. Which
sheets there are is in workbook.yml. Not here: how a figure comes about.
"""

from __future__ import annotations

import datetime as dt
import warnings
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
from pydantic import Field

from dagster_project.contracts.strict import Strict
from dagster_project.publish.beside.csv_files import harmless
from dagster_project.release.contents import MAIN, tables_of
from dagster_project.report.figures import NOT_AVAILABLE, SHORTHAND
from dagster_project.yaml_files import read_yaml

if TYPE_CHECKING:
    import gptables
    import pandas as pd

SHEETS = Path(__file__).with_name("workbook.yml")
LEGEND = {
    "[c]": "Confidential: a small number is hidden. It is not 0.",
    "[x]": "Not available: not collected, missing, withheld for its quality, or not to be worked out.",
    "[z]": "Not applicable: there is nothing to say or to divide by.",
    "[r]": "Revised: a file that came later changed the figure.",
}
SYNTHETIC = "SYNTHETIC DATA: every organisation and every figure is invented. Do not quote."


class Chart(Strict):
    """A chart beside a table: the headings of what it is drawn along, of the value and of its limits, and what it shows in words."""

    along: str
    value: str
    lower: str
    upper: str
    text: str


class Sheet(Strict):
    """One sheet: what it shows, and the query that gives it."""

    name: str = Field(pattern=r"^[A-Z][A-Za-z_]{2,30}$")
    title: str
    needs: tuple[str, ...]
    units: str
    note: str
    statuses: dict[str, str] = Field(default_factory=dict)
    chart: Chart | None = None
    query: str


@cache
def load_sheets() -> tuple[Sheet, ...]:
    """Return the sheets in their order; raises pydantic.ValidationError for one that is not whole."""
    return tuple(Sheet.model_validate(body) for body in read_yaml(SHEETS)["sheets"])


def write_workbook(con: duckdb.DuckDBPyConnection, path: Path, manifest: Mapping[str, Any]) -> None:
    """Write the workbook of the file attached as `copy`. The same file gives the same bytes: its date is the release's.

    Raises duckdb.Error when a query of workbook.yml does not fit the marts.
    """
    import gptables

    synthetic = manifest["data_origin"] != "published"
    tables = dict(_tables(con, synthetic=synthetic))
    with warnings.catch_warnings():
        # gptables warns of every sheet in which a status stands among numbers; the instructions of the sheet explain them.
        warnings.simplefilter("ignore")
        book = gptables.produce_workbook(
            str(path),
            tables,
            cover=_cover(manifest, synthetic=synthetic),
            notes_table=_notes(list(tables)),
            notesheet_options={"title": "Notes"},
            workbook_options={"strings_to_formulas": False, "strings_to_urls": False},
        )
    for sheet in load_sheets():
        if sheet.chart and sheet.name in tables:
            _draw(book, sheet.name, tables[sheet.name], sheet.chart)
    book.set_properties(
        {
            "title": "NHS health inequalities marts",
            "subject": f"Release {manifest['release_id']}",
            "created": dt.datetime.fromisoformat(manifest["built_at"]).replace(tzinfo=None, microsecond=0),
        }
    )
    book.close()


def _tables(con: duckdb.DuckDBPyConnection, *, synthetic: bool) -> Iterator[tuple[str, gptables.GPTable]]:
    import gptables

    present = {name for schema, name in tables_of(con, "copy") if schema == MAIN}
    con.execute("use copy")
    try:
        for sheet in load_sheets():
            if set(sheet.needs) <= present:
                frame = _shown(con.execute(sheet.query).df(), sheet.statuses)
                if frame.empty:
                    # gptables refuses a table without rows: a release without returns has no sheet of them
                    continue
                yield (
                    sheet.name,
                    gptables.GPTable(
                        table=frame,
                        table_name=f"{sheet.name.lower()}_table",
                        title=sheet.title,
                        subtitles=[SYNTHETIC] if synthetic else [],
                        instructions=f"{sheet.note} Shorthand in brackets is explained on the sheet Notes.",
                        scope=f"Units: {sheet.units}.",
                        source="The published marts of this release; see the sheet Sources.",
                        index_columns={},
                    ),
                )
    finally:
        con.execute("use memory")


def _draw(book: gptables.GPWorkbook, name: str, table: gptables.GPTable, chart: Chart) -> None:
    """The value with its limits as lines, right of the table; whoever does not see it has the same figures in the table."""
    # title, subtitles, instructions, scope and source stand above the headings
    first = 4 + len(table.subtitles) + 1
    last, columns = first + len(table.table) - 1, list(table.table.columns)
    drawn = book.add_chart({"type": "line"})
    place = {heading: columns.index(heading) for heading in (chart.along, chart.value, chart.lower, chart.upper)}
    for heading in (chart.value, chart.lower, chart.upper):
        dashed = {} if heading == chart.value else {"dash_type": "dash"}
        drawn.add_series(
            {
                "name": heading,
                "categories": [name, first, place[chart.along], last, place[chart.along]],
                "values": [name, first, place[heading], last, place[heading]],
                "line": {"color": "#005eb8", "width": 1.5} | dashed,
            }
        )
    drawn.set_title({"name": chart.text, "name_font": {"size": 12}})
    drawn.set_y_axis({"name": chart.value, "min": 0})
    drawn.set_size({"width": 720, "height": 400})
    book.get_worksheet_by_name(name).insert_chart(first - 1, len(columns) + 1, drawn, {"description": chart.text})


def _shown(frame: pd.DataFrame, statuses: Mapping[str, str]) -> pd.DataFrame:
    """Numbers where there are any, else the shorthand of their status; no cell is empty and none is a formula."""
    shown = frame.astype(object)
    for heading, status in statuses.items():
        empty = frame[heading].isna()
        shown.loc[empty, heading] = [SHORTHAND.get(str(found), NOT_AVAILABLE) for found in frame.loc[empty, status]]
    shown = shown.drop(columns=list(set(statuses.values())))
    return shown.where(shown.notna() & (shown != ""), "[z]").map(harmless)


def _notes(sheets: list[str]) -> pd.DataFrame:
    import pandas as pd

    rows = [*LEGEND.items(), *((sheet.name, sheet.note) for sheet in load_sheets() if sheet.name in sheets)]
    # gptables replaces the first column by the number of the note.
    return pd.DataFrame(
        [(name, name, words) for name, words in rows], columns=["Note", "Shorthand or sheet", "Meaning"]
    )


def _cover(manifest: Mapping[str, Any], *, synthetic: bool) -> gptables.Cover:
    import gptables

    day = dt.datetime.fromisoformat(manifest["built_at"]).date().isoformat()
    intro = [
        f"Release {manifest['release_id']}, built on {day}.",
        "Newest period of each table; the marts in full are beside this file.",
    ]
    return gptables.Cover(
        title="NHS health inequalities marts",
        intro=[SYNTHETIC, *intro] if synthetic else intro,
        about=[
            "Every number has its limits and, where it is missing, the reason as shorthand in brackets.",
            f"Licence: {manifest['licence']}. The words to cite stand on the sheet Sources.",
            "Definitions of all columns: meta.data_dictionary in marts.duckdb, or datapackage.json.",
        ],
        contact=["The team that runs this warehouse; see the report beside this file."],
    )
