"""A page for every indicator: how unequal it is, who stands where, what it is and what to keep in mind, and the table to download."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

from markupsafe import Markup

from dagster_project.report import catalogue, comparisons, coverage, groups, trends, value_lines
from dagster_project.report.blocks import (
    Block,
    Facts,
    Page,
    Paragraph,
    Picture,
    Section,
    Tabular,
    indicator_page,
    link,
    say,
    slug,
)
from dagster_project.report.charts import Frame, Reference, draw_caterpillar, draw_funnel
from dagster_project.report.context import ENGLAND, Context
from dagster_project.report.figures import (
    SHORTHAND,
    drawn_as,
    gap_format,
    known_limits,
    present,
    show,
    show_date,
    show_period,
    tick,
    value_format,
)
from dagster_project.report.marts import Row, group_rows
from dagster_project.report.organisations import Everything
from dagster_project.report.tables import Figures, Table, Words, limits, make_table

VALUES = "fct_indicator_value"
NEEDED = ("treatment_function_code", "geography_basis", "standardisation", "dimension", "value_status")
POLARITY = {
    "higher_is_better": "higher is better",
    "lower_is_better": "lower is better",
    "none": "neither direction is better by itself",
}
UNITS = {"proportion": "share, shown as per cent", "count": "number"}
SPLITS = ("imd_decile", "imd_quintile", "ethnic_group", "ethnic_group_5", "ethnic_group_5_2001", "sex", "age_band")
SHADOWED = {"imd_quintile": "imd_decile", "ethnic_group_5": "ethnic_group", "ethnic_group_5_2001": "ethnic_group"}
SLOPES = {
    "slope_index": "Slope index of inequality",
    "relative_index": "Relative index of inequality",
    "absolute_gap": "Gap between the most and the least deprived",
    "relative_gap": "Ratio of the most to the least deprived",
}
CSV_COLUMNS = (
    "indicator_id",
    "organisation_code",
    "organisation_name",
    "organisation_level",
    "period_start",
    "period_end",
    "dimension",
    "group_code",
    "numerator",
    "denominator",
    "value",
    "value_low",
    "value_high",
    "ci_lower_95",
    "ci_upper_95",
    "value_status",
    "value_status_reason",
    "data_origin",
    "release_id",
)


def read_newest(context: Context) -> dict[Any, list[Row]]:
    """Read the newest figures of every indicator, all treatment functions together, on the organisations of today; crude ones where there are any."""
    if not context.marts.has(VALUES, *NEEDED):
        return {}
    newest = (
        "treatment_function_code = 'all' and geography_basis = 'current' and (standardisation = 'crude' or indicator_id not in "
        "(select indicator_id from fct_indicator_value where standardisation = 'crude')) and (indicator_id, period_end) in "
        "(select (indicator_id, max(period_end)) from fct_indicator_value where geography_basis = 'current' group by indicator_id)"
    )
    return group_rows(context.marts.rows(VALUES, newest), "indicator_id")


def pages(context: Context, everything: Everything) -> Iterator[Page]:
    """Yield every indicator's page, and the page by which organisations and indicators are found."""
    newest = read_newest(context)
    compared = everything.comparisons
    measures = group_rows(_england_measures(context), "indicator_id")
    control = group_rows(everything.control.get(ENGLAND, []), "indicator_id")
    slopes = group_rows(everything.slopes.get(ENGLAND, []), "indicator_id")
    why = group_rows(context.marts.rows(coverage.COVERAGE), "indicator_id")
    for indicator_id, indicator in context.indicators.items():
        rows = newest.get(indicator_id, [])
        sections = [
            *([] if rows else coverage.why_not(context, why.get(indicator_id, []))),
            *_england(context, rows, measures.get(indicator_id, [])),
            *_trend(context, control.get(indicator_id, []), slopes.get(indicator_id, []), everything.lines),
            *_organisations(context, indicator, rows, compared),
            Section("definition", "What it is", [Facts(_facts(context, indicator))]),
            Section("download", "Download", _download(context, indicator_id, rows)),
        ]
        crumbs = [("index.html", "England"), ("find.html", "Organisations and indicators")]
        yield Page(
            indicator_page(indicator_id),
            str(indicator["indicator_name"]),
            sections,
            str(indicator.get("definition", "")),
            crumbs,
        )
    yield find_page(context, newest)


def _facts(context: Context, indicator: Row) -> list[tuple[str, Any]]:
    unit, polarity = str(indicator.get("unit", "")), str(indicator.get("polarity", ""))
    facts: list[tuple[str, Any]] = [
        ("Why it matters", indicator.get("why", "")),
        *catalogue.place(indicator),
        ("What is counted", indicator.get("numerator_definition", "")),
        ("Out of", indicator.get("denominator_definition", "")),
        ("Unit", UNITS.get(unit, unit.replace("_", " "))),
        ("Direction", POLARITY.get(polarity, polarity)),
        catalogue.verification(context.verified.get(indicator["indicator_id"], [])),
        catalogue.targets(context.set_targets.get(indicator["indicator_id"], [])),
        ("Levels", indicator.get("available_level", "")),
        *catalogue.existence(indicator, context.broken_down.get(indicator["indicator_id"], [])),
        ("Method", indicator.get("method", "")),
        ("Breaks in the series", indicator.get("breaks_in_series", "none known")),
        ("Keep in mind", indicator.get("caveats", "")),
        ("Source", _source(context, indicator)),
        *catalogue.query(indicator),
        ("Next review of the definition", show_date(indicator.get("next_review"))),
    ]
    return [(name, value if isinstance(value, Markup) else catalogue.settled(value)) for name, value in facts if value]


def _source(context: Context, indicator: Row) -> Markup | str:
    """A link to the source where the file has it, and whether its format was confirmed; the catalogue names sources that are not read yet."""
    source_id = str(indicator.get("source_id") or "")
    known = context.marts.rows("dim_source", "source_id = ?", [source_id])
    if not known:
        return source_id
    status = {
        "unconfirmed": " (format not confirmed by a real file)",
        "partly_confirmed": " (format confirmed in part)",
    }
    return link(f"provenance.html#{slug(source_id)}", source_id) + status.get(str(known[0]["format_status"]), "")


# -- England ----------------------------------------------------------------------------------------------------------


def _england_measures(context: Context) -> list[Row]:
    names = ", ".join(f"'{name}'" for name in SLOPES)
    where = (
        f"organisation_code = '{ENGLAND}' and geography_basis = 'current' and treatment_function_code = 'all' and standardisation = 'crude' "
        f"and measure in ({names}) and dimension in ('imd_decile', 'imd_quintile', 'ethnic_group', 'ethnic_group_5', 'ethnic_group_5_2001') "
        "and reference_group in ('all', '1', '5', '10', 'white', 'A')"
    )
    return context.marts.rows("fct_inequality_measure", where)


def _england(context: Context, rows: Sequence[Row], measures: Sequence[Row]) -> list[Section]:
    by_dimension = group_rows([row for row in rows if row["organisation_code"] == ENGLAND], "dimension")
    pictures: list[Block] = []
    for dimension in SPLITS:
        if dimension not in by_dimension or SHADOWED.get(dimension) in by_dimension:
            continue
        own = by_dimension[dimension]
        gaps = {
            m["comparison_group"]: m
            for m in measures
            if m["measure"] == "absolute_gap"
            and m["dimension"] == dimension
            and m["period_end"] == own[0]["period_end"]
        }
        pictures.append(groups.picture(context, groups.Split(own[0]["indicator_id"], dimension, own, gaps)))
    sections = (
        [Section("gradient", "England, group by group", [*pictures, Paragraph(groups.CAVEAT, "caveat")])]
        if pictures
        else []
    )
    slopes = _slopes(measures)
    if slopes:
        sections.append(Section("slope", "How steep the gradient is", _slope_blocks(context, slopes)))
    return sections


def _slopes(measures: Sequence[Row]) -> list[Row]:
    newest = max((m["period_end"] for m in measures), default=None)
    return [m for m in measures if m["dimension"] == "imd_decile" and m["period_end"] == newest]


def _slope_blocks(context: Context, measures: Sequence[Row]) -> list[Block]:
    explained = (
        "The slope index says how far the figure moves from the least to the most deprived end of the scale if all deciles count; the relative "
        "index is the ratio of the two ends. No gap is a slope of 0 and a ratio of 1. Positive slopes are higher figures for the most deprived."
    )
    unit = context.unit(measures[0]["indicator_id"])
    form = gap_format(unit, present([m["comparison_value"] for m in measures]))
    differences = [m for m in measures if m["unit"] == "indicator"]
    ratios = [m for m in measures if m["unit"] == "ratio"]
    blocks: list[Block] = [Paragraph(explained)]
    if differences:
        title = "Differences by decile of deprivation" + (", percentage points" if unit == "proportion" else "")
        blocks.append(Tabular(_measure_table(title, differences, form)))
    if ratios:
        blocks.append(Tabular(_measure_table("Ratios by decile of deprivation", ratios, "number2")))
    return blocks


def _measure_table(caption: str, rows: Sequence[Row], form: str) -> Table:
    return make_table(
        caption,
        rows,
        [
            Words("Measure", lambda row: SLOPES[row["measure"]]),
            Figures("Value", "value", form),
            *limits(form),
            Words("Period", lambda row: show_date(row["period_end"])),
        ],
    )


def _trend(context: Context, control: Sequence[Row], slopes: Sequence[Row], lines: value_lines.Lines) -> list[Section]:
    if not control and not slopes:
        return []
    section = trends.section(context, control, slopes, lines)
    return [Section(section.anchor, "Trend of England", section.blocks)]


# -- organisations ----------------------------------------------------------------------------------------------------


def _organisations(
    context: Context, indicator: Row, rows: Sequence[Row], compared: dict[tuple[str, str, str], comparisons.Comparison]
) -> list[Section]:
    blocks: list[Block] = []
    for (name, dimension, group), comparison in compared.items():
        if name == indicator["indicator_id"] and comparison.drawn is not None:
            blocks.append(_funnel(context, comparison, dimension, group))
    if blocks:
        blocks.insert(0, Paragraph(comparisons.HOW_TO_READ))
    for level, title in (("trust", "Trusts"), ("icb", "Integrated care boards")):
        own = [row for row in rows if row["organisation_level"] == level and row["dimension"] == "all"]
        if any(row["value"] is not None for row in own):
            blocks.append(_ranking(context, own, rows, title))
    return [Section("organisations", "Organisations side by side", blocks)] if blocks else []


def _funnel(context: Context, comparison: comparisons.Comparison, dimension: str, group: str) -> Picture:
    assert comparison.drawn is not None  # noqa: S101 - checked by the caller
    first = comparison.rows[0]
    who = "" if dimension == "all" else f", {context.group_name(dimension, group)}"
    wide = "trusts differ by far more than chance" if comparison.is_wide else "no clear difference between most trusts"
    title = f"Funnel of trusts{who}: {wide}"
    frame = Frame(
        title,
        f"Each trust by size and value with 95% and 99.8% limits around all trusts, {show_period(first)}.",
        context.synthetic,
    )
    rows = sorted(comparison.rows, key=lambda row: (context.name(row["organisation_code"]), row["organisation_code"]))
    caption = f"Trusts in the funnel{who}, {show_period(first)}, by name"
    return Picture(
        title,
        draw_funnel(frame, comparison.drawn),
        comparisons.side_by_side(context, rows, comparison.form, caption),
        comparisons.WIDER if comparison.is_wide else "",
    )


def _ranking(context: Context, own: Sequence[Row], rows: Sequence[Row], title: str) -> Picture:
    unit = context.unit(own[0]["indicator_id"])
    form = value_format(unit, present([row["value"] for row in own]))
    england = [
        r for r in rows if r["organisation_code"] == ENGLAND and r["dimension"] == "all" and r["value"] is not None
    ]
    ordered = sorted(own, key=lambda r: (r["value"] is None, r["value"], r["organisation_code"]))
    named = f"{title} from lowest to highest, {show_period(own[0])}"
    about = _order(ordered, unit)
    frame = Frame(
        f"{named}: {about}",
        f"Each organisation {drawn_as(ordered)}; names are in the table below.",
        context.synthetic,
    )
    reference = None
    if england and unit != "count":
        reference = Reference(england[0]["value"], f"England {show(england[0], 'value', form)}")
    dots = [comparisons.dot(context, row, form, False) for row in ordered]
    table = comparisons.side_by_side(context, ordered, form, named)
    return Picture(f"{named}: {about}", draw_caterpillar(frame, dots, tick(form), reference=reference), table)


def _order(ordered: Sequence[Row], unit: str) -> str:
    """Say what the order of the organisations can bear: how far the limits of neighbours overlap is counted."""
    if unit == "count":
        return "numbers follow the size of the organisation"
    limits = known_limits(ordered)
    if not any(limits):
        return "no 95% limits are known: the order is not a rank"
    overlaps = [one[1] >= other[0] for one, other in pairwise(limits) if one and other]
    if len(overlaps) * 2 <= len(limits) - 1:
        return "too few neighbours have 95% limits: the order is not a rank"
    if sum(overlaps) * 2 < len(overlaps):
        return "how different their patients are is not in the limits: the order is not a rank"
    return "95% limits of most neighbours overlap: the order is not a rank"


# -- downloads --------------------------------------------------------------------------------------------------------


def _download_name(indicator_id: str) -> str:
    return f"{slug(indicator_id)}.csv"


def _download(context: Context, indicator_id: str, rows: Sequence[Row]) -> list[Block]:
    if not rows:
        return [
            Paragraph("Nothing to download: this release holds no figures of it by period, organisation and group.")
        ]
    address = Markup('<a href="{}" download>{}</a>').format(_download_name(indicator_id), "Download the table (CSV)")
    said = (
        "{address}: the newest figures of every organisation and group. A figure that is not there is empty in the columns of figures; column "
        "value_shorthand says {shorthand}. The whole series is in table <code>fct_indicator_value</code> of the DuckDB file and its Parquet twin."
    )
    return [Paragraph(say(said, address=address, shorthand="[c], [x] or [z]"))]


def downloads(context: Context) -> Iterator[tuple[str, bytes]]:
    """Yield the CSV of every indicator that has figures."""
    for indicator_id, rows in read_newest(context).items():
        if indicator_id in context.indicators:
            yield _download_name(str(indicator_id)), _csv(context, rows)


def _csv(context: Context, rows: Sequence[Row]) -> bytes:
    target = io.StringIO()
    writer = csv.writer(target, lineterminator="\r\n")
    writer.writerow([*CSV_COLUMNS, "value_shorthand"])
    for row in rows:
        values = [
            context.name(row["organisation_code"]) if name == "organisation_name" else row.get(name)
            for name in CSV_COLUMNS
        ]
        shorthand = "" if row["value"] is not None else SHORTHAND.get(row["value_status"], "[z]")
        writer.writerow([*(_harmless(value) for value in values), shorthand])
    return target.getvalue().encode("utf-8-sig")


def _harmless(value: Any) -> Any:
    """A text that a spreadsheet would take for a formula is quoted; figures stand as they are."""
    return f"'{value}" if isinstance(value, str) and value[:1] in "=+-@\t\r" and value else value


def find_page(context: Context, newest: Mapping[Any, Sequence[Row]]) -> Page:
    """Return the page of organisations and indicators from A to Z: lists without a script, a search with it."""
    lists = []
    for level, title, anchor in (("trust", "NHS trusts", "trusts"), ("icb", "Integrated care boards", "boards")):
        found = [o for o in context.organisations.values() if o.level == level]
        entries = [
            {"address": o.path, "words": o.name, "note": o.code if o.is_current else f"{o.code}, closed"}
            for o in sorted(found, key=lambda o: (o.name, o.code))
        ]
        lists.append((title, anchor, entries))
    named = sorted(context.indicators.items(), key=lambda item: str(item[1]["indicator_name"]))
    for title, anchor, held in (
        ("Indicators", "indicators", True),
        ("Indicators without figures here", "empty", False),
    ):
        shown = [(i, row) for i, row in named if (i in newest) == held]
        note = "" if held else "why, and where to look"
        entries = [{"address": indicator_page(i), "words": str(r["indicator_name"]), "note": note} for i, r in shown]
        lists.append((title, anchor, entries))
    extra = {"lists": [entry for entry in lists if entry[2]]}
    return Page("find.html", "Organisations and indicators", [], "", [("index.html", "England")], "find.html", extra)
