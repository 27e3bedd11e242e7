"""The README of the catalogue: how many indicators are verified, against what, and which are not. Written by `hiw catalogue table`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

from dagster_project.contracts.indicator import INDICATORS_FOLDER, PARTS, Indicator, Part, load_indicators

README = INDICATORS_FOLDER / "README.md"
OPENING = """\
# The catalogue of indicators

One file each; the schema is `dagster_project/contracts/indicator.py`. `dim_indicator` and `dim_indicator_target` publish what stands here.

- **Targets** are a list: value, `kind` (a standard is to be met in every period, a milestone in the month of its last day), levels for which it was
  set, with figures here or not, `applies_from`, `applies_to`, words and document. A figure is read against the target in force in its own period; of several, by the one that was set last.
- **Verification** says for definition, denominator, target and levels against which document each was checked, and when. A part that is not
  named is not verified. `checked_by` is refused without it. What rests on a secondary source, or is only likely, says so in its own words.
- `hiw catalogue review` lists what is not verified, overdue, or contradicted by the published figures.

The rest of this page is written by `hiw catalogue table`; a test keeps it true.
"""
WORDS = ("read in the source", "secondary source", "not verified")


def write_readme(path: Path = README) -> Path:
    """Write the page again; gives its path. Raises OSError where the folder cannot be written."""
    path.write_text(readme(), encoding="utf-8")
    return path


def readme() -> str:
    """Return the whole page as it should stand."""
    catalogue = list(load_indicators().values())
    return "\n".join([OPENING, *_parts(catalogue), "", *_documents(catalogue), "", *_not_verified(catalogue), ""])


def _parts(catalogue: Sequence[Indicator]) -> Iterator[str]:
    """One row for each part: how many indicators are verified and how."""
    yield f"## How far {len(catalogue)} indicators are verified\n"
    yield f"| part | {' | '.join(WORDS)} |"
    yield "|---|--:|--:|--:|"
    for part in PARTS:
        told = [_status(one, part) for one in catalogue if part in one.parts]
        counts = " | ".join(str(told.count(word)) for word in WORDS)
        yield f"| {part}{f' (of the {len(told)} that have any)' if len(told) < len(catalogue) else ''} | {counts} |"
    some = sum(bool(one.verification) for one in catalogue)
    yield f"| at least one part | {some} indicators || {len(catalogue) - some} |"


def _status(one: Indicator, part: Part) -> str:
    found = one.verification.get(part)
    return found.verification if found else "not verified"


def _documents(catalogue: Sequence[Indicator]) -> Iterator[str]:
    against: dict[tuple[str, str], list[str]] = defaultdict(list)
    for one in catalogue:
        for part, check in one.verification.items():
            against[check.verified_against.in_words, check.verification].append(f"{one.indicator_id} ({part})")
    yield "## Against what\n"
    yield "| document | how | indicators |"
    yield "|---|---|---|"
    for (document, how), which in sorted(against.items()):
        yield f"| {document} | {how} | {', '.join(sorted(which))} |"


def _not_verified(catalogue: Sequence[Indicator]) -> Iterator[str]:
    yield "## Not verified in any part\n"
    yield ", ".join(one.indicator_id for one in catalogue if not one.verification)
