"""Charts as SVG: control charts, funnels, and what every chart is made of. Small, deterministic, readable without colour.

Altair through vl-convert was measured first (altair 6.3.0, vl-convert 1.9.0, one process, this project's two-core machine): 1.8 s to
import, then 24 ms to make a chart's specification and 15 ms to convert it. 250 organisations with five charts each would take
48 s, and the nightly run is to be short; these functions take under 1 ms a chart. They also give what Vega does not: one title
and description a chart, no generated identifiers, text of the page's own size.

Conventions (Government Analysis Function): palette #12436D, #28A197, #801650, #F46A25; never colour alone (shapes, direct labels);
the title states the finding; 95% limits are drawn wherever they exist. Widths are in units of the view box, `WIDTH` for all.
Not here: what a chart is about, and the table below it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from markupsafe import Markup, escape

BLUE, TURQUOISE, PINK, ORANGE = "#12436D", "#28A197", "#801650", "#F46A25"
GREY, LIGHT, INK = "#5C6670", "#C8CED3", "#212B32"
WIDTH = 420
SIZE = 15
"""Text height: 12 pixels on a phone of 360 pixels, 20 on a desktop."""
MARGIN = 12
SYNTHETIC = "Synthetic data: invented figures"
Formatter = Callable[[float], str]


@dataclass(frozen=True, slots=True)
class Frame:
    """What every chart has: the finding, a description of what is drawn, and whether the figures are synthetic."""

    title: str
    description: str
    synthetic: bool


@dataclass(frozen=True, slots=True)
class Dot:
    """One group: label, the value (None: `shown` says why), its limits, the text of the value, and how it is set apart."""

    label: str
    value: float | None
    lower: float | None
    upper: float | None
    shown: str
    highlight: bool = False


@dataclass(frozen=True, slots=True)
class Reference:
    """A line across the chart with its label."""

    value: float
    label: str
    dashes: str = "6 4"


@dataclass(frozen=True, slots=True)
class Scale:
    """From values to units of the view box."""

    low: float
    high: float
    start: float
    end: float

    def at(self, value: float) -> float:
        """Return where a value stands; values outside are drawn at the edge."""
        share = (min(max(value, self.low), self.high) - self.low) / (self.high - self.low)
        return round(self.start + share * (self.end - self.start), 1)


def ticks_of(low: float, high: float, wanted: int = 4) -> list[float]:
    """Round numbers that cover the range: multiples of 1, 2 or 5 times a power of ten."""
    if not high > low:
        pad = abs(high) * 0.1 or 1.0
        low, high = low - pad, high + pad
    raw = (high - low) / wanted
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= raw * 0.999)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [round(step * n, 12) for n in range(first, last + 1)]


def scale_of(values: Sequence[float], start: float, end: float) -> tuple[Scale, list[float]]:
    """Make the scale: from zero where the values come near it; otherwise only the stretch they lie in (dots need no zero, bars would)."""
    low, high = min(values), max(values)
    marks = ticks_of(0.0 if 0 < low < high / 2 else low, high)
    return Scale(marks[0], marks[-1], start, end), marks


def _number(value: float) -> str:
    return f"{value:g}"


def text(
    x: float, y: float, words: str, *, anchor: str = "start", weight: str = "", fill: str = "", kind: str = ""
) -> str:
    """Draw a line of text, escaped. `kind` is its class: `figure` for a number that is in the table, `tick` on an axis."""
    extra = "".join(
        f' {name}="{value}"' for name, value in (("class", kind), ("font-weight", weight), ("fill", fill)) if value
    )
    place = "" if anchor == "start" else f' text-anchor="{anchor}"'
    return f'<text x="{_number(x)}" y="{_number(y)}"{place}{extra}>{escape(words)}</text>'


def line(x1: float, y1: float, x2: float, y2: float, *, stroke: str = "", width: float = 0, dashes: str = "") -> str:
    """Draw a straight line."""
    extra = f' stroke="{stroke}"' if stroke else ""
    extra += f' stroke-width="{_number(width)}"' if width else ""
    extra += f' stroke-dasharray="{dashes}"' if dashes else ""
    return f'<line x1="{_number(x1)}" y1="{_number(y1)}" x2="{_number(x2)}" y2="{_number(y2)}"{extra}/>'


def circle(x: float, y: float, radius: float, fill: str = BLUE) -> str:
    """Draw a filled circle with a white rim, so that overlapping ones can be told apart."""
    return f'<circle cx="{_number(x)}" cy="{_number(y)}" r="{_number(radius)}" fill="{fill}" stroke="#fff"/>'


def diamond(x: float, y: float, radius: float, fill: str = ORANGE) -> str:
    """Draw a diamond with a dark rim (orange alone has 3:1 against white and no more)."""
    r = radius
    return f'<path d="M{_number(x)} {_number(y - r)}l{r} {r}l{-r} {r}l{-r} {-r}z" fill="{fill}" stroke="{INK}"/>'


def square(x: float, y: float, radius: float, fill: str = BLUE) -> str:
    """Draw a square with a dark rim."""
    side = _number(2 * radius)
    return f'<rect x="{_number(x - radius)}" y="{_number(y - radius)}" width="{side}" height="{side}" fill="{fill}" stroke="{INK}"/>'


def svg(frame: Frame, height: float, parts: Sequence[str]) -> Markup:
    """Draw the picture, named by its finding and described; the origin of synthetic figures is part of the picture itself."""
    total = height + (SIZE + 10 if frame.synthetic else 0)
    described = f"{frame.description} {SYNTHETIC}." if frame.synthetic else frame.description
    stamp = text(WIDTH / 2, total - 6, SYNTHETIC, anchor="middle", weight="bold", fill=PINK) if frame.synthetic else ""
    return Markup(  # noqa: S704 - every text was escaped by `text`, numbers are numbers
        f'<svg class="chart" viewBox="0 0 {WIDTH} {_number(total)}" role="img" xmlns="http://www.w3.org/2000/svg" '
        f'aria-label="{escape(frame.title)} {escape(described)}" '
        f'font-family="Arial, sans-serif" font-size="{SIZE}" fill="{INK}">'
        f"<title>{escape(frame.title)}</title><desc>{escape(described)}</desc>{''.join(parts)}{stamp}</svg>"
    )


def no_figure(frame: Frame) -> Markup:
    """Draw the frame where there is no value to draw."""
    return svg(frame, 40, [text(MARGIN, 26, "No figure can be shown")])


def every(marks: Sequence[float]) -> int:
    """Choose which marks of an axis have words: all, or every other one."""
    return 1 if len(marks) <= 5 else 2  # noqa: PLR2004 - six labels would touch each other


def _levels(ys: Scale, marks: Sequence[float], form: Formatter) -> list[str]:
    """The grid of an upright axis, and what its lines stand for."""
    parts = [f'<g stroke="{LIGHT}">', *(line(LEFT, ys.at(m), WIDTH, ys.at(m)) for m in marks), "</g>"]
    return parts + [text(LEFT - 6, ys.at(m) + 5, form(m), anchor="end", fill=GREY, kind="tick") for m in marks]


# -- control charts ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Point:
    """A month: its name, its value (None: a gap), the segment it belongs to, its limits, and what kind of point it is."""

    label: str
    value: float | None
    segment: int
    mean: float | None
    lower: float | None
    upper: float | None
    kind: str
    shown: str = ""


POINT_MARKS: dict[str, Callable[[float, float], str]] = {
    "special_cause_improvement": lambda x, y: square(x, y, 4.5, BLUE),
    "special_cause_concern": lambda x, y: diamond(x, y, 6, ORANGE),
    "special_cause_neutral_high": lambda x, y: square(x, y, 4.5, PINK),
    "special_cause_neutral_low": lambda x, y: square(x, y, 4.5, PINK),
}
"""Blue square: improvement; orange diamond: concern; dark pink square: neither is good. Grey circle: ordinary variation."""
TALL = 190
LEFT = 56
TOP = 24
"""A label above a mark that is nearer to the edge than this would be cut."""


def draw_control_chart(
    frame: Frame, points: Sequence[Point], form: Formatter, *, target: Reference | None = None
) -> Markup:
    """Draw an XmR chart: months with their values, the mean and the process limits of each segment, the target where there is one."""
    known = [v for p in points for v in (p.value, p.lower, p.upper) if v is not None]
    if not known:
        return no_figure(frame)
    ys, marks = scale_of([*known, *([target.value] if target else [])], TALL, 12)
    xs = Scale(0, max(len(points) - 1, 1), LEFT + 8, WIDTH - 12)
    parts = _levels(ys, marks, form)
    parts += [part for stretch in _segments(points) for part in _limits(points, stretch, xs, ys)]
    if target is not None:
        y = ys.at(target.value)
        parts.append(line(LEFT, y, WIDTH, y, stroke=PINK, width=1.5, dashes="2 3"))
        parts.append(line(LEFT, TALL + 39, LEFT + 30, TALL + 39, stroke=PINK, width=1.5, dashes="2 3"))
        parts.append(text(LEFT + 38, TALL + 44, target.label))
    parts += _path(points, xs, ys)
    parts += [_mark(p, xs.at(n), ys.at(p.value)) for n, p in enumerate(points) if p.value is not None]
    parts += _months(points, xs)
    return svg(frame, TALL + (30 if target is None else 54), parts)


def _segments(points: Sequence[Point]) -> list[tuple[int, int]]:
    """First and last place of each stretch of one segment."""
    starts = [n for n, p in enumerate(points) if n == 0 or p.segment != points[n - 1].segment]
    return list(zip(starts, [*(n - 1 for n in starts[1:]), len(points) - 1], strict=True))


def _limits(points: Sequence[Point], stretch: tuple[int, int], xs: Scale, ys: Scale) -> list[str]:
    first, last = stretch
    p = points[first]
    x1, x2 = xs.at(first - 0.4), xs.at(last + 0.4)
    drawn = [(p.mean, INK, ""), (p.lower, GREY, "5 4"), (p.upper, GREY, "5 4")]
    return [line(x1, ys.at(v), x2, ys.at(v), stroke=s, width=1.5, dashes=d) for v, s, d in drawn if v is not None]


def _path(points: Sequence[Point], xs: Scale, ys: Scale) -> list[str]:
    steps, pen = [], "M"
    for place, point in enumerate(points):
        if point.value is None:
            pen = "M"
            continue
        if place and point.segment != points[place - 1].segment:
            pen = "M"
        steps.append(f"{pen}{_number(xs.at(place))} {_number(ys.at(point.value))}")
        pen = "L"
    return [f'<path d="{"".join(steps)}" fill="none" stroke="{GREY}"/>']


def _mark(point: Point, x: float, y: float) -> str:
    make = POINT_MARKS.get(point.kind)
    return make(x, y) if make else circle(x, y, 3.5, GREY)


def _months(points: Sequence[Point], xs: Scale) -> list[str]:
    """The first, the middle and the last month by name."""
    last = len(points) - 1
    chosen = {0: "start", last: "end"} | ({last // 2: "middle"} if last > 5 else {})  # noqa: PLR2004
    return [
        text(
            xs.at(n) if anchor == "middle" else (LEFT if anchor == "start" else WIDTH - 2),
            TALL + 22,
            points[n].label,
            anchor=anchor,
            fill=GREY,
            kind="tick",
        )
        for n, anchor in sorted(chosen.items())
    ]


# -- funnels ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Spot:
    """An organisation in a funnel: its size, its share, and the control limits at its size."""

    code: str
    size: float
    value: float
    lower_95: float
    upper_95: float
    lower_998: float
    upper_998: float
    outside: bool


@dataclass(frozen=True, slots=True)
class Funnel:
    """A drawn funnel without a highlight: shared by all pages that show it, so that it is drawn once."""

    xs: Scale
    ys: Scale
    parts: tuple[str, ...] = field(repr=False)
    height: float = 0


def prepare_funnel(spots: Sequence[Spot], baseline: Reference, form: Formatter) -> Funnel:
    """Prepare the axes, the limits and every organisation as a small mark; `spots` must not be empty."""
    ordered = sorted(spots, key=lambda s: (s.size, s.code))
    inner = [v for s in ordered for v in (s.value, s.lower_95, s.upper_95)]
    ys, marks = scale_of([*inner, baseline.value], TALL + 30, 12)
    sizes = ticks_of(0, ordered[-1].size)
    xs = Scale(0, sizes[-1], LEFT + 4, WIDTH - 12)
    parts = _levels(ys, marks, form)
    parts += [
        text(xs.at(s), TALL + 50, f"{s:,.0f}", anchor="middle", fill=GREY, kind="tick")
        for s in sizes[1 : -1 : every(sizes)]
    ]
    parts.append(line(LEFT, ys.at(baseline.value), WIDTH, ys.at(baseline.value), stroke=INK, width=1.5))
    for name, dashes in (("lower_95", "3 3"), ("upper_95", "3 3"), ("lower_998", ""), ("upper_998", "")):
        parts.append(_curve([(xs.at(s.size), ys.at(getattr(s, name))) for s in ordered], dashes))
    parts.append(_spots(ordered, xs, ys))
    parts.append(text(LEFT + (WIDTH - LEFT) / 2, TALL + 70, baseline.label, anchor="middle", fill=GREY))
    return Funnel(xs, ys, tuple(parts), TALL + 80)


def _curve(places: Sequence[tuple[float, float]], dashes: str) -> str:
    steps = "L".join(f"{_number(x)} {_number(y)}" for x, y in places)
    extra = f' stroke-dasharray="{dashes}"' if dashes else ""
    return f'<path d="M{steps}" fill="none" stroke="{GREY}"{extra}/>'


def _spots(spots: Sequence[Spot], xs: Scale, ys: Scale) -> str:
    """Small marks as one path each: points of no length with round ends (within the limits) or square ends (outside)."""
    inside = "".join(f"M{_number(xs.at(s.size))} {_number(ys.at(s.value))}h0" for s in spots if not s.outside)
    outside = "".join(f"M{_number(xs.at(s.size))} {_number(ys.at(s.value))}h0" for s in spots if s.outside)
    return (
        f'<path d="{inside or "M0 0"}" fill="none" stroke="{GREY}" stroke-width="6" stroke-linecap="round"/>'
        f'<path d="{outside or "M0 0"}" fill="none" stroke="{TURQUOISE}" stroke-width="6" stroke-linecap="square"/>'
    )


def draw_funnel(frame: Frame, funnel: Funnel, spot: Spot | None = None, label: str = "") -> Markup:
    """Draw the funnel with one organisation set apart and named."""
    parts = list(funnel.parts)
    if spot is not None:
        x, y = funnel.xs.at(spot.size), funnel.ys.at(spot.value)
        left = x > WIDTH / 2
        parts.append(diamond(x, y, 8))
        parts.append(
            text(
                x - 12 if left else x + 12,
                y - 8 if y > TOP else y + 18,
                label,
                anchor="end" if left else "start",
                weight="bold",
            )
        )
    return svg(frame, funnel.height, parts)


# -- many organisations side by side ----------------------------------------------------------------------------------


def draw_caterpillar(
    frame: Frame, dots: Sequence[Dot], form: Formatter, *, reference: Reference | None = None
) -> Markup:
    """Draw every organisation as a dot with its limits, from the lowest to the highest; the names are in the table below."""
    drawn = [d for d in dots if d.value is not None]
    if not drawn:
        return no_figure(frame)
    known = [v for d in drawn for v in (d.value, d.lower, d.upper) if v is not None]
    ys, marks = scale_of([*known, *([reference.value] if reference else [])], TALL + 30, 12)
    xs = Scale(0, max(len(drawn) - 1, 1), LEFT + 8, WIDTH - 8)
    parts = _levels(ys, marks, form)
    bars = [
        f"M{_number(xs.at(n))} {_number(ys.at(d.lower))}V{_number(ys.at(d.upper))}"
        for n, d in enumerate(drawn)
        if d.lower is not None and d.upper is not None
    ]
    parts.append(f'<path d="{"".join(bars)}" fill="none" stroke="{GREY}" stroke-width="1.5"/>')
    if reference is not None:
        y = ys.at(reference.value)
        parts.append(line(LEFT, y, WIDTH, y, stroke=INK, width=1.5, dashes=reference.dashes))
        parts.append(text(LEFT + 4, y - 5, reference.label))
    parts += [_in_row(d, xs.at(n), ys.at(d.value or 0.0)) for n, d in enumerate(drawn)]
    return svg(frame, TALL + 40, parts)


def _in_row(dot: Dot, x: float, y: float) -> str:
    return square(x, y, 3.5, TURQUOISE) if dot.highlight else circle(x, y, 3.5, BLUE)
