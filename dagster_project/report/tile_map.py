"""The map of integrated care boards: a square for each, of one size and placed as on the map of England, coloured by what is clear.

Boards are those that the publisher reported on (42 until March 2026, 36 since April 2026), not today's. A colour says that a difference is
clear, never how large a figure is: the figure stands in the square. Not here: boundaries, and any sum.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from dagster_project.report.blocks import Block, Paragraph, Picture, Section
from dagster_project.report.charts import (
    BLUE,
    GREY,
    INK,
    LIGHT,
    ORANGE,
    WIDTH,
    Frame,
    circle,
    diamond,
    square,
    svg,
    text,
)
from dagster_project.report.comparisons import page_of
from dagster_project.report.context import Context
from dagster_project.report.dumbbells import Kind
from dagster_project.report.figures import SUPPRESSED, gap_format, present, show, show_period, value_format
from dagster_project.report.marts import Row, group_rows
from dagster_project.report.tables import Column, Figures, Words, limits, make_table

ANCHOR, TITLE = "map", "Map of integrated care boards"
PLACES: dict[str, tuple[str, int, int]] = {
    "QHM": ("NENC", 4, 0),
    "QE1": ("Lancs", 3, 1),
    "QWO": ("W Yks", 4, 1),
    "QOQ": ("HNY", 5, 1),
    "QYG": ("C&M", 2, 2),
    "QOP": ("GM", 3, 2),
    "QF7": ("S Yks", 4, 2),
    "QJM": ("Lincs", 5, 2),
    "QOC": ("STW", 2, 3),
    "QNC": ("Staffs", 3, 3),
    "QJ2": ("Derby", 4, 3),
    "QT1": ("Notts", 5, 3),
    "QGH": ("H&W", 2, 4),
    "QUA": ("BC", 3, 4),
    "QHL": ("BSol", 4, 4),
    "QK1": ("LLR", 5, 4),
    "QUE": ("C&P", 6, 4),
    "QMM": ("N&W", 7, 4),
    "T6Y0W": ("N&S", 7, 4),
    "QR1": ("Glos", 2, 5),
    "QWU": ("C&W", 3, 5),
    "QPM": ("Nhant", 4, 5),
    "QHG": ("BLMK", 5, 5),
    "QM7": ("HWE", 6, 5),
    "S1Y5D": ("CE", 6, 5),
    "QJG": ("SNEE", 7, 5),
    "D7T5G": ("Essex", 7, 5),
    "QUY": ("Bristol", 2, 6),
    "QU9": ("BOB", 3, 6),
    "QRV": ("NWL", 4, 6),
    "S0E4D": ("TV", 4, 6),
    "QMJ": ("NCL", 5, 6),
    "Z9B2Z": ("WNL", 5, 6),
    "QMF": ("NEL", 6, 6),
    "QH8": ("MSE", 7, 6),
    "QSL": ("Soms", 1, 7),
    "QOX": ("BSW", 2, 7),
    "QNQ": ("Friml", 3, 7),
    "QWE": ("SWL", 4, 7),
    "QKK": ("SEL", 5, 7),
    "QKS": ("Kent", 6, 7),
    "QT6": ("Corn", 0, 8),
    "QJK": ("Devon", 1, 8),
    "QVV": ("Dors", 2, 8),
    "QRL": ("Hants", 3, 8),
    "QXU": ("Surr", 4, 8),
    "S9B9J": ("S&S", 4, 8),
    "QNX": ("Sussx", 5, 8),
}
"""ODS code -> label, column and row. The codes of April 2026 are those of the ODS successions and stand where their largest part stood."""
COLUMNS, TILE, HIGH = 8, 50, 48
STEP = WIDTH / COLUMNS
GAPS = (
    ("wlmds_over_52_weeks", "imd_quintile", "1", "5"),
    ("wlmds_within_18_weeks", "imd_quintile", "1", "5"),
    ("wlmds_within_18_weeks", "ethnic_group_5", "black", "white"),
)
"""Indicator, dimension, group and the group that it is compared with."""
LEVEL = "rtt_within_18_weeks"
FILLS: dict[Kind, tuple[str, str]] = {
    "worse": ("#F9B699", INK),
    "better": (BLUE, "#ffffff"),
    "neither": ("#E3E7EA", INK),
}
"""Ground and ink of a square; the mark in its corner says the same without colour."""
HOW_TO_READ = (
    "How to read the maps: every board has a square of the same size, near to where it lies. Orange with a diamond: a clear difference for the worse. "
    "Blue with a square: a clear difference for the better. Grey: no clear difference. White: cannot be told. A map ranks nobody: boards "
    "differ in the people that they serve. Boards are those of the day of the figures."
)
WORDS: dict[Kind | None, str] = {
    "worse": "worse",
    "better": "better",
    "neither": "no clear difference",
    None: "cannot be told",
}


@dataclass(frozen=True, slots=True)
class Tile:
    """A board: its label, the text of its figure, and whether there is a clear difference (None: cannot be told)."""

    code: str
    label: str
    shown: str
    kind: Kind | None


def section(context: Context) -> Section:
    """Return the maps and how to read them; a section without blocks where the file has no figures of boards."""
    blocks: list[Block] = [*_gaps(context), *_level(context)]
    return Section(ANCHOR, TITLE, [*blocks, Paragraph(HOW_TO_READ)] if blocks else [])


# -- drawing ----------------------------------------------------------------------------------------------------------


def label_of(code: str) -> str:
    """Say what a square is called; a board that is not on the list yet by its code."""
    return PLACES[code][0] if code in PLACES else code


def places_of(codes: Sequence[str]) -> dict[str, tuple[int, int]]:
    """Return the column and row of each board, the first row in use on top; those that are not on the list stand in rows of their own below."""
    known = {code: PLACES[code][1:] for code in codes if code in PLACES}
    first = min((row for _, row in known.values()), default=0)
    placed = {code: (column, row - first) for code, (column, row) in known.items()}
    below = max((row for _, row in placed.values()), default=-1) + 1
    others = [code for code in codes if code not in PLACES]
    return placed | {code: (n % COLUMNS, below + n // COLUMNS) for n, code in enumerate(others)}


def draw_map(frame: Frame, tiles: Sequence[Tile]) -> Markup:
    """Draw a square for each board with its label, its figure and its mark."""
    places = places_of([tile.code for tile in tiles])
    parts = [part for tile in tiles for part in _tile(tile, *places[tile.code])]
    rows = 1 + max((row for _, row in places.values()), default=0)
    return svg(frame, rows * (HIGH + 3) + 2, parts)


def _tile(tile: Tile, column: int, row: int) -> list[str]:
    x, y = column * STEP + 1, row * (HIGH + 3) + 1
    fill, ink = FILLS[tile.kind] if tile.kind else ("#ffffff", INK)
    edge = f'stroke="{GREY}" stroke-dasharray="3 3"' if tile.kind is None else f'stroke="{LIGHT}"'
    return [
        f'<rect x="{x:g}" y="{y:g}" width="{TILE}" height="{HIGH}" fill="{fill}" {edge}/>',
        *_corner(tile.kind, x + TILE - 6, y + HIGH - 6),
        text(x + TILE / 2, y + 16, tile.label, anchor="middle", fill=ink),
        text(x + TILE / 2, y + 32, tile.shown, anchor="middle", fill=ink, kind="figure"),
    ]


def _corner(kind: Kind | None, x: float, y: float) -> list[str]:
    if kind == "worse":
        return [diamond(x, y, 4, ORANGE)]
    return [square(x, y, 3, "#ffffff")] if kind == "better" else [circle(x, y, 3, GREY)] if kind else []


# -- what the maps show -----------------------------------------------------------------------------------------------


def _newest(rows: Sequence[Row]) -> list[Row]:
    newest = max((row["period_end"] for row in rows), default=None)
    return [row for row in rows if row["period_end"] == newest]


def _gaps(context: Context) -> Iterator[Picture]:
    where = (
        "organisation_level = 'icb' and geography_basis = 'as_reported' and treatment_function_code = 'all' and standardisation = 'crude' "
        "and measure = 'absolute_gap'"
    )
    names = ("indicator_id", "dimension", "comparison_group", "reference_group")
    found = group_rows(context.marts.rows("fct_inequality_measure", where), *names)
    for place in GAPS:
        rows = _newest(found.get(place, []))
        if any(row["value"] is not None for row in rows):
            yield _gap(context, rows)


def _gap(context: Context, rows: Sequence[Row]) -> Picture:
    first = rows[0]
    group, reference = (
        context.plain_group(first["dimension"], first[name]) for name in ("comparison_group", "reference_group")
    )
    known = present([row[name] for row in rows for name in ("comparison_value", "reference_value")])
    form, difference = value_format("proportion", known), gap_format("proportion", known)
    kinds = {row["organisation_code"]: _kind_of_gap(context, row) for row in rows}
    name = context.short_name(first["indicator_id"])
    columns: list[Column] = [
        *_boards(context),
        Figures(_title(group), "comparison_value", form),
        Figures(_title(reference), "reference_value", form),
        Figures("Gap", "value", difference),
        *limits(difference),
        Words("Reading", lambda row: WORDS[kinds[row["organisation_code"]]]),
    ]
    return _picture(context, f"{name}: {group} beside {reference}", rows, kinds, "value", difference, columns)


def _kind_of_gap(context: Context, row: Row) -> Kind | None:
    """A clear gap by the direction in which the indicator is good; a hidden one that is clear whatever it hides counts as well."""
    ends = present([row["value"]]) or present([row.get("value_low"), row.get("value_high")])
    if not ends or row["certainty"] in {None, "too few to tell"}:
        return None
    polarity = context.indicators[row["indicator_id"]]["polarity"]
    signs = {value > 0 for value in ends}
    if row["certainty"] != "clear difference" or len(signs) > 1 or polarity == "none":
        return "neither"
    return "better" if (polarity == "higher_is_better") == signs.pop() else "worse"


def _level(context: Context) -> Iterator[Picture]:
    where = (
        "organisation_level = 'icb' and geography_basis = 'as_reported' and treatment_function_code = 'all' and dimension = 'all' "
        "and indicator_id = ?"
    )
    rows = _newest(context.marts.rows("mart_waiting_list", where, [LEVEL]))
    known = present([row["value"] for row in rows])
    if not known:
        return
    form = value_format("proportion", known)
    kinds = {row["organisation_code"]: _kind_of_level(row) for row in rows}
    columns: list[Column] = [
        *_boards(context),
        Figures("Of", "denominator", "whole"),
        Figures("Value", "value", form),
        *limits(form),
        Figures("England", "england_value", form),
        Words("Beside England", lambda row: WORDS[kinds[row["organisation_code"]]]),
    ]
    yield _picture(context, f"{context.short_name(LEVEL)}: boards beside England", rows, kinds, "value", form, columns)


def _kind_of_level(row: Row) -> Kind | None:
    if row["value"] is None or row["england_comparison"] not in {"higher", "lower", "similar"}:
        return None
    if row["england_comparison"] == "similar" or row["polarity"] == "none":
        return "neither"
    return "better" if (row["england_comparison"] == "higher") == (row["polarity"] == "higher_is_better") else "worse"


def _title(words: str) -> str:
    return words[:1].upper() + words[1:]


def _boards(context: Context) -> list[Column]:
    return [
        Words(
            "Integrated care board",
            lambda row: context.name(row["organisation_code"]),
            lambda row: page_of(context, row["organisation_code"]),
        ),
        Words("On the map", lambda row: label_of(row["organisation_code"])),
    ]


def _picture(
    context: Context,
    title: str,
    rows: Sequence[Row],
    kinds: dict[str, Kind | None],
    column: str,
    form: str,
    columns: Sequence[Column],
) -> Picture:
    """The map, its key in counts of boards, and its table in the order of their names."""
    ordered = sorted(rows, key=lambda row: (context.name(row["organisation_code"]), row["organisation_code"]))
    tiles = [
        Tile(row["organisation_code"], label_of(row["organisation_code"]), _shown(row, column, form), kind)
        for row in ordered
        for kind in [kinds[row["organisation_code"]]]
    ]
    described = (
        f"A square for each integrated care board near to where it lies, with its figure; {show_period(rows[0])}."
    )
    counted = Counter(kinds.values())
    said = ", ".join(f"{words} in {counted[kind]}" for kind, words in WORDS.items() if counted[kind])
    note = f"{context.dated(rows[0])}. Of {len(rows)} boards: {said}."
    table = make_table(f"{title}, {show_period(rows[0])}", ordered, columns)
    return Picture(title, draw_map(Frame(title, described, context.synthetic), tiles), table, note)


def _shown(row: Row, column: str, form: str) -> str:
    """The figure; one of which only the ends are known has no room for them here, and is hidden like the counts behind it."""
    shown = show(row, column, form)
    return SUPPRESSED if " to " in shown else shown
