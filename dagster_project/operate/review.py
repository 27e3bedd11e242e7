"""What a reviewer of the catalogue has to look at: parts that nobody verified, reviews that are overdue, claims that the data contradict.

Not here: the definitions (dbt/indicators) and the judgement; a contradiction may be an error of the catalogue or of the file.

The queries stand here and not in dbt: they ask a published file, which may be that of an earlier release, and find nothing where all is
well. As an example query each would warn every night that it gives no row; as a mart it would publish doubts about the catalogue as figures.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from dagster_project.contracts.indicator import Indicator, load_indicators
from dagster_project.lake.files import LakeError
from dagster_project.operate.analyst import ask

Kind = Literal["overdue", "contradicted", "unverified"]
KINDS: tuple[Kind, ...] = ("overdue", "contradicted", "unverified")
CONTRADICTIONS = {
    "levels": """
        select indicator_id, organisation_level || ', ' || breakdown || ': '
            || case when is_stated then 'claimed, but there is no row' else 'not claimed, but there are rows' end
        from mart_coverage
        where (row_count > 0 and not is_stated) or (
            availability = 'not_in_this_release'
            and indicator_id in (select indicator_id from mart_coverage where row_count > 0)
        )
        order by all""",
    "polarity": """
        select indicator_id, organisation_name || ', ' || period_end || ': ' || value || ' is already on the good side (' || polarity
            || ') of ' || target || ', which is not yet due'
        from mart_target_reading
        where organisation_code = 'ENG' and target_reading = 'not yet due' and standardisation = 'crude'
            and case polarity when 'lower_is_better' then value <= target else value >= target end
        qualify period_end = max(period_end) over (partition by indicator_id)
        order by all""",
    "denominator": """
        select f.indicator_id, f.organisation_code || ', ' || f.period_end || ', ' || f.dimension || ' ' || f.group_code || ': '
            || f.numerator || ' of ' || f.denominator || ' is not ' || f.value
        from fct_indicator_value as f
        join dim_indicator as i using (indicator_id)
        where i.unit <> 'count' and f.denominator > 0 and f.standardisation = 'crude' and abs(f.value / nullif(f.numerator, 0) * f.denominator
            / case when i.unit like 'rate_per_%' then replace(i.unit, 'rate_per_', '')::double else 1 end - 1)
            > 0.005 + case when f.value_basis = 'counts' then 0 else 5 / f.numerator + 5 / f.denominator + 0.005 * f.denominator / f.numerator end
        qualify row_number() over (partition by f.indicator_id order by f.period_end desc, f.organisation_code, f.dimension, f.group_code) <= 3
        order by all""",
}
"""Part of an indicator -> query of the published file for indicators that it contradicts, and in which words."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to look at."""

    indicator_id: str
    kind: Kind
    part: str
    found: str

    def as_dict(self) -> dict[str, Any]:
        """As JSON has it."""
        return asdict(self)

    def line(self) -> str:
        """As a person reads it."""
        return f"{self.kind:<12} {self.indicator_id}: {self.part}: {self.found}"


def review_catalogue(marts: Path, indicator_id: str = "", today: dt.date | None = None) -> list[Finding]:
    """Return what is to be reviewed of one indicator or of all, overdue reviews first, then contradictions, then what is not verified.

    Without a published file the data contradict nothing. Raises LakeError for an indicator that the catalogue does not have.
    """
    catalogue = load_indicators()
    if indicator_id and indicator_id not in catalogue:
        raise LakeError(
            f"the indicator {indicator_id}", "the catalogue has no file of that name", "look into dbt/indicators"
        )
    wanted = [catalogue[indicator_id]] if indicator_id else list(catalogue.values())
    day = today or dt.datetime.now(dt.UTC).date()
    found = [finding for one in wanted for finding in _of_the_file(one, day)]
    names = {one.indicator_id for one in wanted}
    found += [finding for finding in _of_the_data(marts) if finding.indicator_id in names]
    return sorted(found, key=lambda f: (KINDS.index(f.kind), f.indicator_id, f.part, f.found))


def summary(found: Sequence[Finding]) -> str:
    """Return how much there is of each kind, and over how many indicators."""
    counted = ", ".join(f"{sum(f.kind == kind for f in found)} {kind}" for kind in KINDS)
    return f"{counted}; {len({f.indicator_id for f in found})} indicators to look at"


def _of_the_file(one: Indicator, day: dt.date) -> Iterator[Finding]:
    if one.next_review <= day:
        yield Finding(one.indicator_id, "overdue", "next_review", f"was due on {one.next_review}")
    for part in one.parts:
        if part not in one.verification:
            yield Finding(one.indicator_id, "unverified", part, "not checked against a document")
    yield from (Finding(one.indicator_id, "contradicted", "polarity", words) for words in _steps(one))


def _steps(one: Indicator) -> Iterator[str]:
    """Milestones of a level that move against the direction that is called good."""
    for level in dict.fromkeys(level for target in one.targets for level in target.levels):
        steps = [t for t in one.targets if level in t.levels and t.kind == "milestone"]
        values = [t.value for t in sorted(steps, key=lambda t: t.applies_to or dt.date.max)]
        if values != sorted(values, reverse=one.polarity == "lower_is_better"):
            yield f"targets of {level} run against it: {', '.join(map(str, values))} with {one.polarity}"


def _of_the_data(marts: Path) -> Iterable[Finding]:
    if not marts.exists():
        return
    for part, query in CONTRADICTIONS.items():
        for indicator_id, words in ask(marts, query)[1]:
            yield Finding(indicator_id, "contradicted", part, words)
