"""Charts of gaps: two marks and the line between them, on an axis that the gaps fill, so that a small gap can be seen as one.

Not here: what a chart is about, and the table that holds its figures.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from markupsafe import Markup

from dagster_project.report.charts import (
    BLUE,
    GREY,
    INK,
    LIGHT,
    MARGIN,
    ORANGE,
    WIDTH,
    Formatter,
    Frame,
    Scale,
    circle,
    diamond,
    line,
    scale_of,
    square,
    svg,
    text,
    wrapped,
)

Kind = Literal["better", "worse", "neither"]
LINES: dict[Kind, str] = {"worse": ORANGE, "better": BLUE, "neither": GREY}
LINE, BELOW = 18, 26
"""Height of a line of a label, and of the stretch below it that holds the marks."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Where a group stands (`to`, with its limits) and what it is compared with (`start`); `shown` is the text of the figure.

    `kind` is a clear difference for the better or the worse, or neither. Without `to` only the text is drawn: it says why.
    """

    label: str
    start: float | None
    to: float | None
    lower: float | None
    upper: float | None
    shown: str
    kind: Kind = "neither"


def draw_dumbbells(frame: Frame, pairs: Sequence[Pair], form: Formatter, *, zero: str = "") -> Markup:
    """One line a group: the hollow mark is what it is compared with, the filled one the group. `zero` names the line at zero."""
    known = [v for p in pairs for v in (p.start, p.to, p.lower, p.upper) if v is not None and p.to is not None]
    if not known:
        return svg(frame, 40, [text(MARGIN, 26, "No figure can be shown")])
    labels = [wrapped(pair.label, pair.shown) for pair in pairs]
    tops = [sum(LINE * len(lines) + BELOW for lines in labels[:place]) + 4 for place in range(len(pairs) + 1)]
    scale, marks = scale_of([*known, *([0.0] if zero else [])], MARGIN + 10, WIDTH - MARGIN - 10)
    bottom = tops[-1]
    parts = [f'<g stroke="{LIGHT}">', *(line(scale.at(m), 2, scale.at(m), bottom) for m in marks), "</g>"]
    if zero:
        parts.append(line(scale.at(0.0), 2, scale.at(0.0), bottom, stroke=INK, width=1.5))
    parts += [
        text(scale.at(m), bottom + 18, form(m), anchor="middle", fill=GREY, kind="tick")
        for m in marks[:: 1 if len(marks) <= 5 else 2]  # noqa: PLR2004 - six labels would touch each other
    ]
    for pair, lines, top in zip(pairs, labels, tops, strict=False):
        parts += _pair(pair, lines, scale, top)
    if zero:
        parts.append(text(scale.at(0.0), bottom + 36, zero, anchor=_anchor(scale.at(0.0)), fill=INK))
    return svg(frame, bottom + (44 if zero else 26), parts)


def _anchor(x: float) -> str:
    """Where a text at this place has room."""
    return "start" if x < WIDTH / 3 else "end" if x > 2 * WIDTH / 3 else "middle"


def _pair(pair: Pair, lines: Sequence[str], scale: Scale, top: float) -> list[str]:
    weight = "" if pair.kind == "neither" else "bold"
    # A white ground keeps the grid out of the words.
    height = LINE * len(lines)
    parts = [f'<rect x="0" y="{top:g}" width="{WIDTH}" height="{height:g}" fill="#fff"/>']
    parts += [text(2, top + 14 + LINE * n, words, weight=weight) for n, words in enumerate(lines)]
    parts.append(text(WIDTH - 2, top + 14, pair.shown, anchor="end", weight=weight, kind="figure"))
    if pair.to is None:
        return parts
    y, x = top + height + BELOW / 2 - 2, scale.at(pair.to)
    if pair.start is not None:
        start = scale.at(pair.start)
        parts.append(line(start, y, x, y, stroke=LINES[pair.kind], width=5))
        parts.append(f'<circle cx="{start:g}" cy="{y:g}" r="5" fill="#fff" stroke="{INK}" stroke-width="1.5"/>')
    if pair.lower is not None and pair.upper is not None:
        low, high = scale.at(pair.lower), scale.at(pair.upper)
        parts.append(
            f'<path d="M{low:g} {y - 5:g}v10m0 -5H{high:g}m0 -5v10" fill="none" stroke="{INK}" stroke-width="1.5"/>'
        )
    return [*parts, _mark(pair.kind, x, y)]


def _mark(kind: Kind, x: float, y: float) -> str:
    if kind == "worse":
        return diamond(x, y, 7)
    return square(x, y, 5.5, BLUE) if kind == "better" else circle(x, y, 6, GREY)


def draw_spark(values: Sequence[float]) -> Markup:
    """A line of values, for the eye alone: the figures are next to it in words."""
    width, height, edge = 132, 34, 5
    low, high = min(values), max(values)
    ys = Scale(low, high if high > low else low + 1, height - edge, edge)
    xs = Scale(0, max(len(values) - 1, 1), edge, width - edge)
    places = [(xs.at(n), ys.at(value)) for n, value in enumerate(values)]
    steps = "L".join(f"{x:g} {y:g}" for x, y in places)
    x, y = places[-1]
    return Markup(  # noqa: S704 - numbers only
        f'<svg class="spark" viewBox="0 0 {width} {height}" aria-hidden="true" xmlns="http://www.w3.org/2000/svg">'
        f'<path d="M{steps}" fill="none" stroke="{GREY}" stroke-width="2"/>{circle(x, y, 4.5)}</svg>'
    )
