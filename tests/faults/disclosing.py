"""An estate that also publishes counts of people made from returns: a mart under the policy safe_counts, and what was sent.

The true counts stand in the warehouse's schema `restricted`; the mart shows them by a rule written here, not by the macros of the project.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from dagster_project.contracts.check import CheckResult
from dagster_project.contracts.suite import Suite
from dagster_project.publish.evidence import seal
from dagster_project.publish.publish import publish
from dagster_project.quality.marts import audit
from dagster_project.release.project import ReleaseProject
from tests.integration.release.release_estate import Estate, fingerprint_of

WAITS, CROSS = "mart_waits", "mart_waits_cross"
Cells = Mapping[tuple[str, ...], tuple[int, int]]
"""(organisation, dimension, group) or (organisation, group, sex): numerator and denominator, as sent."""
KINDS = {
    "numerator": "bigint",
    "denominator": "bigint",
    "rate": "double",
    "rate_lower": "double",
    "rate_upper": "double",
}
DECLARED: dict[str, Any] = {
    "counts": {"numerator": "numerator_status", "denominator": "denominator_status"},
    "rates": [
        {
            "value": "rate",
            "numerator": "numerator",
            "denominator": "denominator",
            "status": "rate_status",
            "multiplier": 100,
            "lower": "rate_lower",
            "upper": "rate_upper",
        }
    ],
    "unrevised": "revision_flag is null",
}
RELATIONS = {
    WAITS: [
        {
            "name": "groups make up the trust",
            "same": ["organisation_code"],
            "parts": {"where": f"dimension = '{dimension}'"},
            "whole": {"where": "dimension = 'all'"},
        }
        for dimension in ("sex", "ethnicity")
    ],
    CROSS: [
        {
            "name": "sexes of an ethnic group make up the group",
            "same": ["organisation_code"],
            "match": {"ethnic_group": "group_code"},
            "whole": {"mart": WAITS, "where": "dimension = 'ethnicity'"},
            "complete": False,
        },
        {
            "name": "ethnic groups of a sex make up the sex",
            "same": ["organisation_code"],
            "match": {"sex": "group_code"},
            "whole": {"mart": WAITS, "where": "dimension = 'sex'"},
            "complete": False,
        },
    ],
}
KEYS = {WAITS: ["organisation_code", "dimension", "group_code"], CROSS: ["organisation_code", "ethnic_group", "sex"]}
SENT: Cells = {
    ("Q01", "all", "all"): (60, 400),
    ("Q01", "sex", "female"): (31, 198),
    ("Q01", "sex", "male"): (27, 195),
    ("Q01", "sex", "not_known"): (2, 7),
    ("Q01", "ethnicity", "white"): (40, 300),
    ("Q01", "ethnicity", "asian"): (10, 60),
    ("Q01", "ethnicity", "black"): (8, 36),
    ("Q01", "ethnicity", "other"): (2, 4),
}
CROSS_SENT: Cells = {
    ("Q01", "white", "female"): (20, 150),
    ("Q01", "white", "male"): (19, 146),
    ("Q01", "white", "not_known"): (1, 4),
    ("Q01", "other", "female"): (1, 2),
}
SHOW = """
    with rounded as (
        select *,
            case when x between 1 and 7 then null else (x + 2) // 5 * 5 end as numerator,
            case when n between 1 and 7 then null else (n + 2) // 5 * 5 end as denominator
        from restricted.{table}
    ), judged as (
        select *, coalesce(numerator >= 10 and denominator - numerator >= 15, false) as is_shown from rounded
    )
    select {key},
        numerator::bigint as numerator,
        case when x between 1 and 7 then 'suppressed' else 'published' end as numerator_status,
        denominator::bigint as denominator,
        case when n between 1 and 7 then 'suppressed' else 'published' end as denominator_status,
        case when is_shown then 100.0::double * numerator / denominator end as rate,
        case when is_shown then {lower} end as rate_lower,
        case when is_shown then {upper} end as rate_upper,
        case when is_shown then 'published' else 'suppressed' end as rate_status,
        revision_flag::varchar as revision_flag, 'synthetic' as data_origin
    from judged"""
WILSON = "(numerator::double + 1.9207294103470618 {sign} 1.959963984540054 * sqrt(numerator::double * (denominator - numerator) / denominator::double + 0.9603647051735309)) / (denominator::double + 3.8414588206941236)"
SHARE = "numerator::double / denominator"
ROUNDING = f"3.8414588206941236 * 2 * (1 + power({SHARE}, 2)) / power(numerator * (1 - {SHARE}), 2)"
LIMIT = f"100 / (1 + exp(-(ln({SHARE} / (1 - {SHARE})) {{sign}} sqrt(power(ln({WILSON} / (1 - {WILSON})) - ln({SHARE} / (1 - {SHARE})), 2) + {ROUNDING}))))"


@dataclass(frozen=True)
class Disclosing:
    """The estate, and the project that judges it."""

    estate: Estate

    @classmethod
    def fresh(cls, estate: Estate, sent: Cells = SENT, cross: Cells = CROSS_SENT) -> Disclosing:
        """Both marts with what was sent."""
        new = cls(estate)
        new.send(WAITS, sent)
        new.send(CROSS, cross)
        return new

    @property
    def project(self) -> ReleaseProject:
        """The estate's project with a suite for each of the two marts."""
        project = self.estate.project
        bodies = {
            mart: {
                "name": mart,
                "owner": "team:tests",
                "query": "select organisation_code from batch",
                "key": ["organisation_code"],
                "expectations": [
                    {
                        "type": "expect_column_values_to_not_be_null",
                        "notes": "Every row has an organisation.",
                        "kwargs": {"column": "organisation_code"},
                    }
                ],
            }
            for mart in (WAITS, CROSS)
        }
        return replace(project, suites={**project.suites, **{m: Suite.model_validate(b) for m, b in bodies.items()}})

    def send(self, mart: str, cells: Cells, *, revised: frozenset[tuple[str, ...]] = frozenset()) -> None:
        """The true counts, and the mart that shows them; `revised` cells carry the flag."""
        key = KEYS[mart]
        rows = ", ".join(
            "("
            + ", ".join([*(f"'{part}'" for part in cell), str(x), str(n), "'r'" if cell in revised else "null"])
            + ")"
            for cell, (x, n) in cells.items()
        )
        limits = {side: LIMIT.format(sign=sign) for side, sign in (("lower", "-"), ("upper", "+"))}
        self.estate.change(
            "create schema if not exists restricted",
            f"create or replace table restricted.sent_{mart} as select *, x as pathway_count, 'published' as pathway_count_status "
            f"from (values {rows}) t({', '.join(key)}, x, n, revision_flag)",
            f"create or replace table main.{mart} as {SHOW.format(table=f'sent_{mart}', key=', '.join(key), **limits)}",
        )
        self.describe(mart)

    def describe(self, mart: str, *, columns: Mapping[str, str] | None = None, **changes: Any) -> None:
        """Enter the mart into dbt's manifest and results; `changes` replace parts of its declaration."""
        kinds = {**dict.fromkeys(KEYS[mart], "varchar"), **KINDS}
        kinds |= dict.fromkeys(["numerator_status", "denominator_status", "rate_status"], "varchar")
        kinds |= dict.fromkeys(["revision_flag", "data_origin"], "varchar") | dict(columns or {})
        declared = {**DECLARED, "relations": RELATIONS[mart], **changes}
        node = f"model.tiny.{mart}"

        def enter(manifest: dict[str, Any]) -> None:
            copy = json.loads(json.dumps(manifest["nodes"]["model.tiny.fct_indicator_value"]))
            described = {
                name: {"name": name, "description": f"{name}.", "data_type": kind} for name, kind in kinds.items()
            }
            meta = {"key": KEYS[mart], "disclosure_policy": "safe_counts", "safe_counts": declared}
            copy |= {"name": mart, "alias": mart, "unique_id": node, "columns": described}
            copy["config"] = {**copy["config"], "meta": meta}
            manifest["nodes"][node] = copy
            nodes = manifest["exposures"]["exposure.tiny.marts"]["depends_on"]["nodes"]
            nodes[:] = sorted({*nodes, node})

        def built(results: dict[str, Any]) -> None:
            known = {result["unique_id"] for result in results["results"]}
            if node not in known:
                results["results"].append({"unique_id": node, "status": "success", "failures": None, "message": None})

        edit_json(self.estate.project.manifest, enter)
        edit_json(self.estate.project.run_results, built)

    def policy(self, mart: str, policy: str) -> None:
        """Let the mart name another policy."""

        def change(manifest: dict[str, Any]) -> None:
            manifest["nodes"][f"model.tiny.{mart}"]["config"]["meta"]["disclosure_policy"] = policy

        edit_json(self.estate.project.manifest, change)

    def audit(self, *statements: str) -> list[CheckResult]:
        """All results of gate 2 after the warehouse was changed by these statements."""
        if statements:
            self.estate.change(*statements)
        return audit(self.project, self.estate.build())

    def publish(self, generation: int = 1) -> None:
        """Build, judge, seal and publish what the warehouse holds."""
        draft = self.estate.build(fingerprint_of(generation))
        evidence = seal(self.project, draft, audit(self.project, draft), run_id="test")
        assert evidence.passed, [result.summary for result in evidence.blocking]
        publish(self.project)


def edit_json(path: Any, edit: Callable[[dict[str, Any]], object]) -> None:
    content = json.loads(path.read_text())
    edit(content)
    path.write_text(json.dumps(content))
