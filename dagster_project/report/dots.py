"""Charts of groups below each other, each with its words above its marks: the frame of them, and dots with limits.

Not here: what a chart is about, and the table that holds its figures.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from markupsafe import Markup

from dagster_project.report.charts import (
    GREY,
    INK,
    LIGHT,
    MARGIN,
    PINK,
    WIDTH,
    Dot,
    Formatter,
    Frame,
    Reference,
    Scale,
    circle,
    diamond,
    every,
    line,
    no_figure,
    scale_of,
    svg,
    text,
)

LETTER = 9
"""Width of a letter of a label: that of a wide face in bold, for a reader whose machine has no Arial."""
LINES = 3
ROW_LINE, ROW_MARK = 18, 26
"""Height of a line of a label, and of the stretch below it that holds the mark."""


@dataclass(frozen=True, slots=True)
class Line:
    """A group: its label, the text of its figure, whether it is set apart, and what draws its marks at a height."""

    label: str
    shown: str
    bold: bool
    marks: Callable[[float], list[str]]


def axis_of(values: Sequence[float]) -> tuple[Scale, list[float]]:
    """Return the axis of groups below each other."""
    return scale_of(values, MARGIN + 10, WIDTH - MARGIN - 10)


def draw_lines(
    lines: Sequence[Line], scale: Scale, marks: Sequence[float], form: Formatter, *, zero: bool = False
) -> tuple[list[str], float]:
    """Draw the grid (its line at zero in ink where that is asked for), the words and marks of each group; return where the last one ends too."""
    labels = [_wrapped(group.label, group.shown) for group in lines]
    *tops, bottom = [sum(ROW_LINE * len(words) + ROW_MARK for words in labels[:n]) + 4 for n in range(len(lines) + 1)]
    parts = [f'<g stroke="{LIGHT}">', *(line(scale.at(m), 2, scale.at(m), bottom) for m in marks), "</g>"]
    if zero:
        parts.append(line(scale.at(0.0), 2, scale.at(0.0), bottom, stroke=INK, width=1.5))
    parts += [
        text(scale.at(m), bottom + 18, form(m), anchor="middle", fill=GREY, kind="tick") for m in marks[:: every(marks)]
    ]
    for group, words, top in zip(lines, labels, tops, strict=True):
        parts += [*_words(group, words, top), *group.marks(top + ROW_LINE * len(words) + ROW_MARK / 2 - 2)]
    return parts, bottom


def _wrapped(label: str, shown: str) -> list[str]:
    """A label in lines that leave room for the figure at the right; at most three."""
    letters = int(WIDTH / LETTER) - len(shown) - 1
    return textwrap.wrap(label, max(letters, 12), max_lines=LINES, placeholder=" …") or [""]


def _words(group: Line, words: Sequence[str], top: float) -> list[str]:
    """Label and figure, on a white ground that keeps the grid out of them."""
    weight = "bold" if group.bold else ""
    ground = f'<rect x="0" y="{top:g}" width="{WIDTH}" height="{ROW_LINE * len(words)}" fill="#fff"/>'
    label = [text(2, top + 14 + ROW_LINE * n, part, weight=weight) for n, part in enumerate(words)]
    return [ground, *label, text(WIDTH - 2, top + 14, group.shown, anchor="end", weight=weight, kind="figure")]


def limits_bar(scale: Scale, lower: float | None, upper: float | None, y: float) -> list[str]:
    """Draw the limits of a figure as a bar with ends; nothing where it has none."""
    if lower is None or upper is None:
        return []
    d = f"M{scale.at(lower):g} {y - 5:g}v10m0 -5H{scale.at(upper):g}m0 -5v10"
    return [f'<path d="{d}" fill="none" stroke="{INK}" stroke-width="1.5"/>']


# -- dots with limits -------------------------------------------------------------------------------------------------

FAR = 0.5
"""A reference further away than this part of the dots' own range is named and not drawn: the differences would vanish."""


def draw_dots(frame: Frame, dots: Sequence[Dot], form: Formatter, *, references: Sequence[Reference] = ()) -> Markup:
    """Draw one line a group: its label and figure, and below them its value as a dot with its 95% limits as a bar.

    Without any value to draw the picture says so. References are lines such as England or a target; the axis is that of the dots.
    """
    known = [v for dot in dots for v in (dot.value, dot.lower, dot.upper) if v is not None]
    if not known:
        return no_figure(frame)
    near = [r for r in references if _is_near(r.value, known)]
    scale, marks = axis_of([*known, *(r.value for r in near)])
    lines = [Line(dot.label, dot.shown, dot.highlight, partial(_dot, dot, scale)) for dot in dots]
    parts, bottom = draw_lines(lines, scale, marks, form)
    for place, reference in enumerate(references):
        parts += _reference(reference, scale if reference in near else None, bottom, place)
    return svg(frame, bottom + 26 + 20 * len(references), parts)


def _is_near(value: float, known: Sequence[float]) -> bool:
    room = FAR * (max(known) - min(known))
    return min(known) - room <= value <= max(known) + room


def _reference(reference: Reference, scale: Scale | None, bottom: float, place: int) -> list[str]:
    """The line, and below the axis what it is, with a piece of the same line before it; the words alone where it lies far off the axis."""
    y, stroke = bottom + 40 + 20 * place, PINK if place else INK
    if scale is None:
        return [text(MARGIN, y, f"{reference.label}: beyond this axis")]
    x = scale.at(reference.value)
    return [
        line(x, 2, x, bottom, stroke=stroke, width=1.5, dashes=reference.dashes),
        line(MARGIN, y - 5, MARGIN + 30, y - 5, stroke=stroke, width=1.5, dashes=reference.dashes),
        text(MARGIN + 38, y, reference.label),
    ]


def _dot(dot: Dot, scale: Scale, y: float) -> list[str]:
    if dot.value is None:
        return []
    x = scale.at(dot.value)
    return [*limits_bar(scale, dot.lower, dot.upper, y), diamond(x, y, 7) if dot.highlight else circle(x, y, 6)]
