"""Where an organisation is next to the others: its place in the funnel of trusts, its neighbours in size, ICBs side by side.

There is no rank: the funnel says whether an organisation of this size differs clearly from the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from dagster_project.report.blocks import Block, Paragraph, Picture, Section, Tabular, link, say, slug
from dagster_project.report.charts import (
    Dot,
    Frame,
    Funnel,
    Reference,
    Spot,
    draw_caterpillar,
    draw_funnel,
    prepare_funnel,
)
from dagster_project.report.context import Context, Organisation
from dagster_project.report.dots import draw_dots
from dagster_project.report.figures import FORMATS, mark, present, show, show_period, tick, value_format
from dagster_project.report.marts import Row, group_rows
from dagster_project.report.priorities import counted
from dagster_project.report.tables import Column, Figures, Table, Words, limits, make_table

ANCHOR, TITLE = "others", "Beside other organisations"
COMPARE = "compare.html"
"""The page on which a reader sets organisations side by side."""
PREFERRED = ("rtt_over_52_weeks", "rtt_within_18_weeks", "ae_four_hour_all", "op_did_not_attend")
DRAWN = 2
NEIGHBOURS = 4
WIDE = 10
"""Dispersion ratio above which nearly every trust lies outside the limits of chance (100 and more were seen in January 2026)."""
HOW_TO_READ = (
    "How to read a funnel: each mark is a trust, further right the larger. The horizontal line is the figure of all trusts together; the "
    "dashed curves hold 95%, the solid ones 99.8% of trusts that differ as trusts usually do, by chance and by what lies between them. "
    "Within the limits there is no clear difference; outside the solid ones there is, where the q value is at most 5%. This is not a league table."
)
WIDER = (
    "Trusts differ here by far more than chance: the limits are as wide as the differences between most of them. Being outside says that "
    "something systematic is at work (patients, services, recording or care), not that the trust does well or badly."
)
FEWEST_PEERS = 3
PEERS = {
    "trust": (("icb_code", "NHS trusts of the same board"), ("region_code", "NHS trusts of the same region")),
    "icb": (("region_code", "boards of the same region"),),
}
"""By which columns of dim_organisation peers are alike, and what they are called: a reader can choose others on the page of comparison."""
LABELS = {
    "High (0.001)": "Above the 99.8% limit",
    "High (0.025)": "Above the 95% limit",
    "Low (0.001)": "Below the 99.8% limit",
    "Low (0.025)": "Below the 95% limit",
    "Not significant": "No clear difference",
    "Not applicable": "Too few to tell",
}


@dataclass
class Comparison:
    """The funnel of one indicator and group: its rows by organisation, and the drawing that all pages share."""

    rows: Sequence[Row]
    form: str
    drawn: Funnel | None = None
    spots: dict[str, Spot] = field(default_factory=dict)

    @property
    def is_wide(self) -> bool:
        """Return whether trusts differ by far more than chance."""
        return float(self.rows[0].get("dispersion_ratio", 0)) > WIDE


def read_comparisons(context: Context) -> dict[tuple[str, str, str], Comparison]:
    """Read every funnel of the file by indicator, dimension and group, newest period, in that order."""
    found: dict[tuple[str, str, str], Comparison] = {}
    grouped = group_rows(context.marts.rows("mart_funnel"), "indicator_id", "dimension", "group_code")
    for place, rows in sorted(grouped.items(), key=lambda item: str(item[0])):
        newest = max(row["period_end"] for row in rows)
        kept = [row for row in rows if row["period_end"] == newest]
        found[place] = _comparison(context, kept)
    return found


def _comparison(context: Context, rows: Sequence[Row]) -> Comparison:
    form = value_format(context.unit(rows[0]["indicator_id"]), present([row["value"] for row in rows]))
    spots = {row["organisation_code"]: spot for row in rows if (spot := _spot(row)) is not None}
    comparison = Comparison(rows, form, spots=spots)
    if spots:
        size = f"Size of the trust: {counted(rows[0])}"
        baseline = Reference(rows[0]["baseline"], size)
        comparison.drawn = prepare_funnel(list(spots.values()), baseline, tick(form))
    return comparison


def _spot(row: Row) -> Spot | None:
    names = ("denominator", "value", "funnel_lower_95", "funnel_upper_95", "funnel_lower_998", "funnel_upper_998")
    if any(row[name] is None for name in names):
        return None
    size, value, lower_95, upper_95, lower_998, upper_998 = (float(row[name]) for name in names)
    outside = "0.001" in str(row["funnel_label"])
    return Spot(row["organisation_code"], size, value, lower_95, upper_95, lower_998, upper_998, outside)


def label(row: Row) -> str:
    """Say where the trust stands, in words."""
    return LABELS.get(str(row["funnel_label"]), str(row["funnel_label"]))


def way(code: str) -> Paragraph:
    """Return the way to the page where this organisation is chosen and its peers can be."""
    return Paragraph(link(f"{COMPARE}#{slug(code)}", "Choose peers, and see this organisation side by side with them"))


def peers(context: Context, organisation: Organisation) -> tuple[str, list[Organisation]]:
    """Return whom a brief sets beside an organisation, and the rule in words: the others of its board, or of its region where those are few."""
    others = [o for o in context.organisations.values() if o.level == organisation.level and o.is_current]
    rule, found = "", []
    for column, rule in PEERS[organisation.level]:  # noqa: B007 - the last rule tried is the one that is said
        place = organisation.row.get(column)
        found = [o for o in others if place and o.row.get(column) == place and o.code != organisation.code]
        if len(found) >= FEWEST_PEERS:
            break
    return rule, sorted(found, key=lambda o: o.code)


def section_of_trust(
    context: Context, organisation: Organisation, comparisons: dict[tuple[str, str, str], Comparison]
) -> Section:
    """Return funnels, neighbours in size, and the table of all funnel positions of a trust."""
    own = {
        place: row
        for place, comparison in comparisons.items()
        for row in comparison.rows
        if row["organisation_code"] == organisation.code
    }
    if not own:
        too_few = Paragraph("Too few to tell: no share of this trust can be compared with others.", "inset")
        return Section(ANCHOR, TITLE, [too_few, way(organisation.code)])
    blocks: list[Block] = [way(organisation.code), Paragraph(HOW_TO_READ)]
    for place in _chosen(own):
        comparison = comparisons[place]
        if organisation.code in comparison.spots:
            blocks.append(_funnel(context, organisation, comparison, own[place]))
            blocks.append(_neighbours(context, organisation, comparison))
    if any(comparisons[place].is_wide for place in own):
        blocks.append(Paragraph(WIDER, "caveat"))
    blocks.append(Tabular(_positions(context, list(own.values()))))
    return Section(ANCHOR, TITLE, blocks)


def _chosen(own: dict[tuple[str, str, str], Row]) -> list[tuple[str, str, str]]:
    wanted = {name: place for place, name in enumerate(PREFERRED)}
    overall = [place for place in own if place[1] == "all"]
    return sorted(overall, key=lambda place: (wanted.get(place[0], len(wanted)), place))[:DRAWN]


def _funnel(context: Context, organisation: Organisation, comparison: Comparison, row: Row) -> Picture:
    assert comparison.drawn is not None  # noqa: S101 - it is drawn wherever there is a spot
    name = context.short_name(row["indicator_id"])
    title = f"{name}: {show(row, 'value', comparison.form)}, {label(row).lower()} beside all trusts ({_baseline(row, comparison.form)})"
    frame = Frame(
        title, f"Funnel of trusts, {show_period(row)}; {organisation.name} is the orange diamond.", context.synthetic
    )
    drawing = draw_funnel(
        frame, comparison.drawn, comparison.spots[organisation.code], show(row, "value", comparison.form)
    )
    together = "all trusts together {baseline}"
    if row["trusts_bounded"]:
        together += ", between {low} and {high}: the source hides the small counts of {bounded} of them"
    note = say(
        f"This trust {{value}} (95% limits {{lower}} to {{upper}}), {together}.",
        value=mark(row, "value", comparison.form),
        lower=mark(row, "ci_lower_95", comparison.form),
        upper=mark(row, "ci_upper_95", comparison.form),
        baseline=mark(row, "baseline", comparison.form),
        low=mark(row, "baseline_low", comparison.form),
        high=mark(row, "baseline_high", comparison.form),
        bounded=mark(row, "trusts_bounded", "whole"),
    )
    return Picture(title, drawing, note=note)


def _baseline(row: Row, form: str) -> str:
    """The figure of all trusts, or between what it lies where small counts are hidden."""
    if not row["trusts_bounded"]:
        return show(row, "baseline", form)
    return f"between {show(row, 'baseline_low', form)} and {show(row, 'baseline_high', form)}"


def _neighbours(context: Context, organisation: Organisation, comparison: Comparison) -> Picture:
    """The trusts next in size on both sides, with this one among them."""
    sized = sorted(
        (r for r in comparison.rows if r["organisation_code"] in comparison.spots),
        key=lambda r: (r["denominator"], r["organisation_code"]),
    )
    place = next(n for n, row in enumerate(sized) if row["organisation_code"] == organisation.code)
    start = max(0, min(place - NEIGHBOURS, len(sized) - 2 * NEIGHBOURS - 1))
    rows = sized[start : start + 2 * NEIGHBOURS + 1]
    name = context.short_name(rows[0]["indicator_id"])
    title = f"{name}: {organisation.name} and the trusts nearest to it in size"
    frame = Frame(
        title, f"Value with 95% limits of each trust, smallest first; {show_period(rows[0])}.", context.synthetic
    )
    dots = [dot(context, row, comparison.form, row["organisation_code"] == organisation.code) for row in rows]
    baseline = Reference(rows[0]["baseline"], f"All trusts {_baseline(rows[0], comparison.form)}")
    return Picture(
        title,
        draw_dots(frame, dots, tick(comparison.form), references=[baseline]),
        side_by_side(
            context,
            rows,
            comparison.form,
            f"{name}, trusts of a similar size, {show_period(rows[0])}",
            own=organisation.code,
        ),
    )


def dot(context: Context, row: Row, form: str, highlight: bool) -> Dot:
    """Draw an organisation as a dot with its limits."""
    lower, upper = row.get("ci_lower_95"), row.get("ci_upper_95")
    return Dot(context.name(row["organisation_code"]), row["value"], lower, upper, show(row, "value", form), highlight)


def side_by_side(context: Context, rows: Sequence[Row], form: str, caption: str, own: str = "") -> Table:
    """Return a table of organisations with their figures and limits; funnel positions where the rows have them."""
    columns: list[Column] = [
        Words(
            "Organisation",
            lambda row: context.name(row["organisation_code"]),
            lambda row: page_of(context, row["organisation_code"]),
        ),
        Figures("Of", "denominator", "whole"),
        Figures("Value", "value", form),
        *limits(form),
    ]
    if rows and "funnel_label" in rows[0].values:
        columns.append(Words("In the funnel", label))
    return make_table(caption, rows, columns, emphasis=lambda row: row["organisation_code"] == own)


def page_of(context: Context, code: str) -> str | None:
    """Return the page of an organisation, where it has one."""
    return context.organisations[code].path if code in context.organisations else None


def _positions(context: Context, rows: Sequence[Row]) -> Table:
    return make_table(
        "Position among all trusts, every share that can be compared",
        rows,
        [
            context.indicator_column(),
            Words(
                "Group",
                lambda row: (
                    "everybody"
                    if row["dimension"] == "all"
                    else context.group_name(row["dimension"], row["group_code"])
                ),
            ),
            Words("Period", show_period),
            Figures("Value", "value", "percent2"),
            *limits("percent2"),
            Figures("All trusts", "baseline", "percent2"),
            Words("In the funnel", label),
        ],
    )


def section_of_icb(context: Context, organisation: Organisation, waiting: Sequence[Sequence[Row]]) -> Section:
    """Set all ICBs side by side on each indicator, this one apart."""
    blocks: list[Block] = []
    for rows in waiting:
        known = sorted((r for r in rows if r["value"] is not None), key=lambda r: (r["value"], r["organisation_code"]))
        mine = [row for row in known if row["organisation_code"] == organisation.code]
        if mine:
            blocks.append(_icbs(context, organisation, known, mine[0]))
    empty = Paragraph("Too few to tell: no share of this board can be compared with others.", "inset")
    return Section(ANCHOR, TITLE, [way(organisation.code), *(blocks or [empty])])


def _icbs(context: Context, organisation: Organisation, rows: Sequence[Row], own: Row) -> Picture:
    form = value_format(context.unit(own["indicator_id"]), present([row["value"] for row in rows]))
    name = context.short_name(own["indicator_id"])
    beside = {"lower": "below England", "higher": "above England", "similar": "like England"}.get(
        str(own.get("england_comparison")), ""
    )
    title = f"{name}: {show(own, 'value', form)}{', ' + beside if beside else ''}"
    frame = Frame(
        title,
        f"Every integrated care board with 95% limits, {show_period(own)}; the square is {organisation.name}.",
        context.synthetic,
    )
    england = own.get("england_value")
    reference = None if england is None else Reference(england, f"England {FORMATS[form](england)}")
    dots = [dot(context, row, form, row["organisation_code"] == organisation.code) for row in rows]
    table = side_by_side(
        context,
        rows,
        form,
        f"{name}, integrated care boards from lowest to highest, {show_period(own)}",
        own=organisation.code,
    )
    return Picture(title, draw_caterpillar(frame, dots, tick(form), reference=reference), table)
