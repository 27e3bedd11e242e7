"""The variation and assurance icons of Making Data Count, redrawn: shape and letter carry the meaning, colour repeats it.

Blue is for improvement and passing, orange for concern and failing, grey for ordinary variation, dark pink where neither
direction is good. Each icon has its meaning as its name and is shown beside its meaning in words.
"""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup, escape

from dagster_project.report.charts import BLUE, GREY, INK, ORANGE, PINK

RISING, FALLING = "M14 46 22 38 30 42 40 26 50 18", "M14 18 22 26 30 22 40 38 50 46"
ORDINARY = "M12 32q5-14 10 0t10 0 10 0 10 0"
HIT_OR_MISS = "M10 32h6l6-10 8 20 8-20 6 10h10"


@dataclass(frozen=True, slots=True)
class Icon:
    """What an icon means, in words, its letter, its line, and its colour."""

    meaning: str
    letter: str
    path: str
    colour: str


COMMON = Icon("Ordinary variation: no clear difference", "", ORDINARY, GREY)
VARIATION: dict[tuple[str, str], Icon] = {
    ("special_cause_improvement", "higher_is_better"): Icon(
        "Improvement: unusually high values, and higher is better", "H", RISING, BLUE
    ),
    ("special_cause_improvement", "lower_is_better"): Icon(
        "Improvement: unusually low values, and lower is better", "L", FALLING, BLUE
    ),
    ("special_cause_concern", "higher_is_better"): Icon(
        "Concern: unusually low values, and higher is better", "L", FALLING, ORANGE
    ),
    ("special_cause_concern", "lower_is_better"): Icon(
        "Concern: unusually high values, and lower is better", "H", RISING, ORANGE
    ),
    ("special_cause_neutral_high", "none"): Icon(
        "Change: unusually high values; neither direction is better", "↑", RISING, PINK
    ),
    ("special_cause_neutral_low", "none"): Icon(
        "Change: unusually low values; neither direction is better", "↓", FALLING, PINK
    ),
}
ASSURANCE: dict[str, Icon] = {
    "consistent_pass": Icon("Target: will be met as things stand", "P", "M12 46h40M16 38 26 30 36 34 50 22", BLUE),
    "consistent_fail": Icon("Target: will be missed as things stand", "F", "M12 18h40M16 42 26 34 36 38 50 28", ORANGE),
    "inconsistent": Icon("Target: may be met or missed by chance", "?", HIT_OR_MISS, GREY),
}
NO_TARGET = Icon("Target: there is none", "", "M20 32h24", GREY)


def variation_icon(kind: str | None, polarity: str | None) -> Icon:
    """Return the icon for the newest point of a series; ordinary variation for everything that no rule has marked."""
    return VARIATION.get((kind or "", polarity or ""), COMMON)


def assurance_icon(kind: str | None) -> Icon:
    """Return the icon for the target against the process limits."""
    return ASSURANCE.get(kind or "", NO_TARGET)


def draw_icon(icon: Icon) -> Markup:
    """Draw the icon as a small SVG that is named by its meaning."""
    letter = (
        f'<circle cx="50" cy="14" r="11" fill="#fff" stroke="{INK}"/><text x="50" y="19" font-size="15" font-weight="bold" '
        f'text-anchor="middle" fill="{INK}">{escape(icon.letter)}</text>'
        if icon.letter
        else ""
    )
    return Markup(  # noqa: S704 - constants of this module
        f'<svg class="icon" viewBox="0 0 64 64" role="img" aria-label="{escape(icon.meaning)}" font-family="Arial, sans-serif">'
        f'<circle cx="32" cy="32" r="29" fill="#fff" stroke="{icon.colour}" stroke-width="5"/>'
        f'<path d="{icon.path}" fill="none" stroke="{icon.colour}" stroke-width="4"/>{letter}</svg>'
    )
