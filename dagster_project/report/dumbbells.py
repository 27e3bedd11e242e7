"""Charts of gaps: two marks and the line between them, on an axis that the gaps fill, so that a small gap can be seen as one.

Not here: what a chart is about, and the table that holds its figures.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

from markupsafe import Markup

from dagster_project.report.charts import (
    BLUE,
    GREY,
    INK,
    ORANGE,
    WIDTH,
    Formatter,
    Frame,
    Scale,
    circle,
    diamond,
    line,
    no_figure,
    square,
    svg,
    text,
)
from dagster_project.report.dots import Line, axis_of, draw_lines, limits_bar

Kind = Literal["better", "worse", "neither"]
STROKES: dict[Kind, str] = {"worse": ORANGE, "better": BLUE, "neither": GREY}


@dataclass(frozen=True, slots=True)
class Pair:
    """Where a group stands (`to`, with its limits) and what it is compared with (`start`); `shown` is the text of the figure.

    `kind` is a clear difference for the better or the worse, or neither. Without `to` only the text is drawn: it says why. `peers` are
    the same figure of others, drawn as small lines.
    """

    label: str
    start: float | None
    to: float | None
    lower: float | None
    upper: float | None
    shown: str
    kind: Kind = "neither"
    peers: Sequence[float] = ()


def draw_dumbbells(frame: Frame, pairs: Sequence[Pair], form: Formatter, *, zero: str = "") -> Markup:
    """Draw one line a group: the hollow mark is what it is compared with, the filled one the group. `zero` names the line at zero."""
    known = [
        v for p in pairs for v in (p.start, p.to, p.lower, p.upper, *p.peers) if v is not None and p.to is not None
    ]
    if not known:
        return no_figure(frame)
    scale, marks = axis_of([*known, *([0.0] if zero else [])])
    lines = [Line(p.label, p.shown, p.kind != "neither", partial(_pair, p, scale)) for p in pairs]
    parts, bottom = draw_lines(lines, scale, marks, form, zero=bool(zero))
    if zero:
        parts.append(text(scale.at(0.0), bottom + 36, zero, anchor=_anchor(scale.at(0.0)), fill=INK))
    return svg(frame, bottom + (44 if zero else 26), parts)


def _anchor(x: float) -> str:
    """Where a text at this place has room."""
    return "start" if x < WIDTH / 3 else "end" if x > 2 * WIDTH / 3 else "middle"


def _pair(pair: Pair, scale: Scale, y: float) -> list[str]:
    if pair.to is None:
        return []
    x = scale.at(pair.to)
    parts = [line(scale.at(peer), y - 9, scale.at(peer), y + 9, stroke=GREY, width=2) for peer in pair.peers]
    if pair.start is not None:
        start = scale.at(pair.start)
        parts.append(line(start, y, x, y, stroke=STROKES[pair.kind], width=5))
        parts.append(f'<circle cx="{start:g}" cy="{y:g}" r="5" fill="#fff" stroke="{INK}" stroke-width="1.5"/>')
    return [*parts, *limits_bar(scale, pair.lower, pair.upper, y), _mark(pair.kind, x, y)]


def _mark(kind: Kind, x: float, y: float) -> str:
    if kind == "worse":
        return diamond(x, y, 7)
    return square(x, y, 5.5, BLUE) if kind == "better" else circle(x, y, 6, GREY)


def draw_spark(values: Sequence[float], *, zero: bool = False) -> Markup:
    """Draw a line of values, for the eye alone: the figures are next to it in words. With `zero` a dashed line stands there."""
    width, height, edge = 132, 34, 5
    within = [*values, *([0.0] if zero else [])]
    low, high = min(within), max(within)
    ys = Scale(low, high if high > low else low + 1, height - edge, edge)
    xs = Scale(0, max(len(values) - 1, 1), edge, width - edge)
    places = [(xs.at(n), ys.at(value)) for n, value in enumerate(values)]
    steps = "L".join(f"{x:g} {y:g}" for x, y in places)
    x, y = places[-1]
    ground = line(edge, ys.at(0.0), width - edge, ys.at(0.0), stroke=INK, dashes="3 3") if zero else ""
    return Markup(  # noqa: S704 - numbers only
        f'<svg class="spark" viewBox="0 0 {width} {height}" aria-hidden="true" xmlns="http://www.w3.org/2000/svg">{ground}'
        f'<path d="M{steps}" fill="none" stroke="{GREY}" stroke-width="2"/>{circle(x, y, 4.5)}</svg>'
    )
