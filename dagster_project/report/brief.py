"""The brief of an organisation: one A4 side for a board, which stands first on its page and prints alone as `brief-<code>.html`.

It is bounded so that it fits: three gaps, seven groups, three changes, three measures of recording, four questions. Its style is
inside and it holds no link but the one back to its page, so that a copy is whole by itself. Counts are of rows of the file. Not here: the sections it is taken from.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from dagster_project.report import groups, priorities, quality
from dagster_project.report.blocks import Block, Page, Paragraph, Part, Picture, Section, link, say, slug
from dagster_project.report.charts import Frame
from dagster_project.report.context import LEVELS, Context, Organisation
from dagster_project.report.dumbbells import Kind, Pair, draw_dumbbells
from dagster_project.report.figures import lower_first, mark, present, show, show_period, tick, value_format
from dagster_project.report.icons import variation_icon
from dagster_project.report.marts import Row, group_rows
from dagster_project.report.tables import Figures, Table, Words, make_table

ANCHOR, TITLE = "brief", "Brief for the board"
LETTERS = 64
GAPS, CHANGES, MEASURES, QUESTIONS = 3, 3, 3, 4
LONG_WAIT = "wlmds_over_52_weeks"
ENDS = {"imd_quintile": ("1", "5"), "ethnic_group_5": ("white", "mixed", "asian", "black", "other")}
"""The groups of a brief: both ends of deprivation, the five groups of the census."""
WELL_RECORDED = 0.95
KNOWN = ("known_share", "known_share_of_return")
FIELDS = ("ethnicity", "imd", "ETHNIC_CATEGORY", "IMD_DECILE")


@dataclass(frozen=True)
class Told:
    """What is known of an organisation: gaps, ranked or not, splits of the waiting list, control charts, recording; and its peers, by what rule, with theirs."""

    gaps: Sequence[Row]
    splits: Sequence[groups.Split]
    control: Sequence[Row]
    recording: Sequence[Row]
    peers: Sequence[groups.Split] = ()
    rule: str = ""


def path(code: str) -> str:
    """Return the file name of the brief of an organisation."""
    return f"brief-{slug(code)}.html"


def section(organisation: Organisation, said: Sequence[Block]) -> Section:
    """Return the brief as the first section of the organisation's page, with the way to the side that prints."""
    way = Paragraph(link(path(organisation.code), "Print this brief: one A4 side"))
    return Section(ANCHOR, TITLE, [*said, way], "brief")


def page(context: Context, organisation: Organisation, said: Sequence[Block]) -> Page:
    """Return the brief alone."""
    row = organisation.row
    board = context.name(str(row["icb_code"])) if organisation.level == "trust" and row.get("icb_code") else ""
    who = [organisation.code, LEVELS[organisation.level], board, "" if organisation.is_current else "closed"]
    sections = [Section(ANCHOR, TITLE, said, "brief")]
    lead = ", ".join(part for part in who if part)
    crumbs = [(organisation.path, "The whole page of this organisation")]
    return Page(path(organisation.code), organisation.name, sections, lead, crumbs, "brief.html")


def blocks(context: Context, told: Told) -> list[Block]:
    """Return what the brief says: for the organisation's page and for the side that prints."""
    recording = _recording(told.recording)
    changes = _changes(context, told)
    questions = _questions(context, told, recording)
    return [
        _waits(context, told),
        Part("Largest avoidable gaps", [*_gaps(context, told.gaps), *_deprivation(context, told.splits)]),
        Part("What improves or worsens", changes),
        Part("How good the data are", _quality(recording)),
        Part("Questions a board could ask", questions),
    ]


def _name(context: Context, indicator_id: str) -> str:
    """The name of an indicator, cut where it would take more than two lines of a column."""
    return textwrap.shorten(context.short_name(indicator_id), LETTERS, placeholder=" …")


# -- gaps -------------------------------------------------------------------------------------------------------------


def _gaps(context: Context, rows: Sequence[Row]) -> list[Markup | str]:
    said: list[Markup | str] = [_gap(context, row) for row in priorities.ranked(rows)[:GAPS]]
    return said or [priorities.nothing_ranked(rows)]


def _gap(context: Context, row: Row) -> Markup:
    return say(
        "<strong>{group}: {indicator}.</strong> About {excess} fewer of the {events} {counted} that {adverse}, if this group fared like the {reference} "
        "(95% limits {lower} to {upper}): a clear difference. {period}.",
        group=priorities.sentence(context.plain_group(row["dimension"], row["group_code"])),
        indicator=_name(context, row["indicator_id"]),
        events=mark(row, "adverse_events", "whole"),
        counted=priorities.counted(row),
        adverse=priorities.adverse(context, row),
        reference=context.plain_group(row["dimension"], row["reference_group"]),
        period=context.dated(row),
        **priorities.excess(row),
    )


def _deprivation(context: Context, splits: Sequence[groups.Split]) -> list[Markup | str]:
    """The gap in long waits between both ends of deprivation, clear or not."""
    found = [split for split in splits if (split.indicator_id, split.dimension) == (LONG_WAIT, "imd_quintile")]
    note = groups.gap_note(context, found[0], context.unit(LONG_WAIT)) if found else ""
    return [say("{name}. {note}", name=_name(context, LONG_WAIT), note=note)] if note else []


# -- long waits -------------------------------------------------------------------------------------------------------


def _of_groups(splits: Sequence[groups.Split], indicators: Sequence[str]) -> list[Row]:
    """The rows of the groups that a brief shows."""
    return [
        row
        for split in splits
        if split.indicator_id in indicators
        for row in split.rows
        if row["group_code"] in ENDS.get(split.dimension, ())
    ]


def _waits(context: Context, told: Told) -> Block:
    known = sorted({split.indicator_id for split in told.splits}, key=lambda name: (name != LONG_WAIT, name))
    rows = sorted(
        _of_groups(told.splits, known[:1]),
        key=lambda row: (list(ENDS).index(row["dimension"]), context.group_order(row)),
    )
    if not rows:
        return Part("Long waits", ["No figures of long waits by deprivation or ethnicity are published for it."])
    days = {row["period_end"] for row in rows}
    others = group_rows(
        [row for row in _of_groups(told.peers, known[:1]) if row["value"] is not None and row["period_end"] in days],
        "dimension",
        "group_code",
    )
    form = value_format(
        context.unit(known[0]), present([row[name] for row in rows for name in ("value", "england_value")])
    )
    pairs = [_pair(context, row, form, others.get((row["dimension"], row["group_code"]), [])) for row in rows]
    worse = [
        context.plain_group(row["dimension"], row["group_code"])
        for row, pair in zip(rows, pairs, strict=True)
        if pair.kind == "worse"
    ]
    named = f"worse than in England for {worse[0]}{' and others' if worse[1:] else ''}" if worse else NO_GROUP
    title = f"{_name(context, known[0])}: {named}"
    described = (
        f"Each group here as a filled mark with 95% limits as a bar, the same group in England as a hollow mark, in peers as small lines; {show_period(rows[0])}. Orange "
        "diamond: worse than in England, which lies outside the limits. Blue square: better. Grey circle: England lies inside the limits."
    )
    drawing = draw_dumbbells(Frame(title, described, context.synthetic), pairs, tick(form))
    note = Markup("{}. Filled: here, with 95% limits. Hollow: the same group in England. {}").format(
        context.dated(rows[0]), _beside_peers(context, told.rule, rows, others)
    )
    return Picture(title, drawing, _table(context, rows, others, form), note)


def _beside_peers(context: Context, rule: str, rows: Sequence[Row], others: Mapping[Any, Sequence[Row]]) -> str:
    """Who the small lines are, and of how many of them the most deprived wait less long; the counts are of rows of the file."""
    if not others:
        return f"No figure of its peers ({rule}) is published for the same day." if rule else ""
    said = f"Small lines: its peers, the other {rule}."
    ends = [row for row in rows if row["group_code"] == ENDS["imd_quintile"][0] and row["value"] is not None]
    beside = others.get((ends[0]["dimension"], ends[0]["group_code"]), []) if ends else []
    if not beside:
        return said
    lower = sum(row["value"] < ends[0]["value"] for row in beside)
    group = context.plain_group(ends[0]["dimension"], ends[0]["group_code"])
    return f"{said} The share of the {group} is lower in {lower} of {len(beside)}."


NO_GROUP = "England lies within the limits of every group"
KINDS: Mapping[tuple[str, str], Kind] = {
    ("higher", "higher_is_better"): "better",
    ("higher", "lower_is_better"): "worse",
    ("lower", "higher_is_better"): "worse",
    ("lower", "lower_is_better"): "better",
}
"""How England is left behind, and which direction is good."""


def _pair(context: Context, row: Row, form: str, peers: Sequence[Row]) -> Pair:
    return Pair(
        priorities.sentence(context.plain_group(row["dimension"], row["group_code"])),
        row.get("england_value"),
        row["value"],
        row.get("ci_lower_95"),
        row.get("ci_upper_95"),
        show(row, "value", form),
        KINDS.get((row["england_comparison"], row["polarity"]), "neither"),
        [row["value"] for row in peers],
    )


def _table(context: Context, rows: Sequence[Row], others: Mapping[Any, Sequence[Row]], form: str) -> Table:
    columns: list[Figures | Words] = [
        Words("Group", lambda row: priorities.sentence(context.plain_group(row["dimension"], row["group_code"]))),
        Words("Organisation", lambda row: context.name(row["organisation_code"])),
        Figures("Of", "denominator", "whole"),
        Figures("Value", "value", form),
        Figures("England", "england_value", form),
    ]
    every = [one for row in rows for one in (row, *others.get((row["dimension"], row["group_code"]), ()))]
    own = rows[0]["organisation_code"]
    caption = f"{_name(context, rows[0]['indicator_id'])}, beside {'peers and ' if others else ''}England"
    return make_table(caption, every, columns, emphasis=lambda row: row["organisation_code"] == own)


# -- what changes, and how good the data are --------------------------------------------------------------------------


def _newest(context: Context, control: Sequence[Row]) -> list[Row]:
    return [row for row in control if row["is_latest"] and not context.is_old(row)]


def _changes(context: Context, told: Told) -> list[Markup | str]:
    newest = _newest(context, told.control)
    special = sorted(
        (row for row in newest if row["variation_icon"] != "common_cause" and row["value"] is not None),
        key=lambda r: (r["variation_icon"] != "special_cause_concern", r["indicator_id"]),
    )[:CHANGES]
    said: list[Markup | str] = [_change(context, row) for row in special]
    if newest and not said:
        said.append(f"None of the {len(newest)} series that are followed shows a clear change.")
    failing = [_name(context, row["indicator_id"]) for row in newest if row["assurance_icon"] == "consistent_fail"]
    if failing:
        more = f" and {len(failing) - CHANGES} more" if len(failing) > CHANGES else ""
        said.append(f"Will miss the target unless the process changes: {', '.join(failing[:CHANGES])}{more}.")
    return said or ["No series is long and recent enough to tell."]


def _change(context: Context, row: Row) -> Markup:
    form = value_format(context.unit(row["indicator_id"]), present([row["value"]]))
    return say(
        "{indicator}: {value} in {period}, {meaning}.",
        indicator=_name(context, row["indicator_id"]),
        value=mark(row, "value", form),
        period=show_period(row),
        meaning=lower_first(variation_icon(row["variation_icon"], row["polarity"]).meaning),
    )


def _recording(rows: Sequence[Row]) -> list[Row]:
    """What is known least, first; of all waits together, not of a band of them."""
    found: dict[tuple[str, str], Row] = {}
    known = [
        row
        for row in rows
        if row["measure"] in KNOWN
        and row["field_name"] in FIELDS
        and row["waiting_band"] in {"total", "all"}
        and row["value"] is not None
    ]
    for row in sorted(known, key=lambda r: (r["value"], str(r.key()))):
        found.setdefault((row["measure"], row["field_name"]), row)
    return list(found.values())[:MEASURES]


def _quality(rows: Sequence[Row]) -> list[Markup | str]:
    if not rows:
        return ["No measure of the recording of ethnicity or deprivation is published for it."]
    return [
        say(
            "{what}: {value}, {period}.",
            what=quality.what(row),
            value=mark(row, "value", "percent1"),
            period=show_period(row),
        )
        for row in rows
    ]


# -- questions --------------------------------------------------------------------------------------------------------


def _questions(context: Context, told: Told, recording: Sequence[Row]) -> list[Markup | str]:
    """Up to four, each asked of what stands above."""
    asked = [*_of_gaps(context, told.gaps), *_of_changes(context, told), *_of_recording(recording)]
    asked.append("Which of last year’s actions was meant to close a gap, and what do the figures say of it?")
    return list(asked[:QUESTIONS])


def _of_gaps(context: Context, rows: Sequence[Row]) -> list[str]:
    ranked = priorities.ranked(rows)
    if not ranked:
        return ["Which groups are too small to judge here, and how do we hear from them by other means?"]
    row = ranked[0]
    group, reference = (context.plain_group(row["dimension"], row[name]) for name in ("group_code", "reference_group"))
    return [
        f"What would let the {group} fare like the {reference} in “{_name(context, row['indicator_id'])}”, and by when?"
    ]


def _of_changes(context: Context, told: Told) -> list[str]:
    newest = _newest(context, told.control)
    worse = [row for row in newest if row["variation_icon"] == "special_cause_concern"]
    if worse:
        name = _name(context, worse[0]["indicator_id"])
        return [f"Why does “{name}” get worse, and does it do so for every group?"]
    if any(row["assurance_icon"] == "consistent_fail" for row in newest):
        return ["Which missed target weighs most on the most deprived quintile, and what changes the process?"]
    return []


def _of_recording(rows: Sequence[Row]) -> list[str]:
    poor = [row for row in rows if row["value"] < WELL_RECORDED]
    if not poor:
        return []
    field = quality.FIELDS.get(str(poor[0]["field_name"]), str(poor[0]["field_name"]))
    return [f"Who owns the recording of {field}, and what brings it to nearly everybody?"]
