"""The end of the nightly run as Dagster assets: release_candidate, gate 2 as its checks, and published_marts."""

# No `from __future__ import annotations` here: Dagster reads the config classes from the real annotations.

import datetime as dt
import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg
from pydantic import Field

from dagster_project.assets.run_tags import tag_release
from dagster_project.lake.run import Run
from dagster_project.runtime.orphans import hold_for_run
from dagster_project.transform.dbt import POOL

if TYPE_CHECKING:
    from dagster_project.contracts.check import CheckResult
    from dagster_project.release.project import ReleaseProject

CANDIDATE = dg.AssetKey("release_candidate")
OWNER = "team:data-platform"
KINDS = {
    "dbt": "Every dbt test and model of this build passed.",
    "reconciliation": "Every mart of the candidate has the rows and the key of the warehouse's.",
    "disclosure": "Every mart has a policy, and nothing that the policy keeps back is in the file.",
    "difference": "Nothing fell away against the current release that should not have.",
    "example_query": "Every example query runs on the candidate.",
    "suites": "Every critical expectation of expectations/marts holds; each mart shows its own.",
}
SUITE = "suite"
"""The check of every mart: its suite on the candidate. The gate blocks by `suites`, which comes after the candidate as they do."""
MAXIMUM_LISTED = 30


class PublishConfig(dg.Config):
    """What a publish may be told in the launchpad."""

    candidate_sha256: str = Field("", description="The sealed candidate to publish; empty means the newest.")
    withdrawn_release: str = Field("", description="Id of a release that was rolled back from, to publish it again.")


def build_release_assets(run: Run, manifest: Path) -> tuple[list[dg.AssetsDefinition], list[dg.AssetChecksDefinition]]:
    """Return the candidate, the published marts, and the checks between them."""
    models = exposed_models(manifest)
    return [_candidate(run, models), _published(run)], [_gate(run, models)]


def exposed_models(manifest: Path) -> list[str]:
    """Return the models that dbt's exposures list: what may leave, and nothing else."""
    content = json.loads(manifest.read_text(encoding="utf-8"))
    nodes = {node for exposure in content["exposures"].values() for node in exposure["depends_on"]["nodes"]}
    return sorted(content["nodes"][node]["name"] for node in nodes if node in content["nodes"])


def _project(run: Run) -> "ReleaseProject":
    from dagster_project.release.project import ReleaseProject

    return ReleaseProject.load(run)


def _candidate(run: Run, models: Sequence[str]) -> dg.AssetsDefinition:
    @dg.asset(
        key=CANDIDATE,
        deps=[dg.AssetKey(model) for model in models],
        description="One fresh DuckDB file with only the marts and the meta schema, not yet judged.",
        group_name="release",
        owners=[OWNER],
        kinds={"duckdb"},
        tags={"layer": "release", "sensitivity": "public"},
        pool=POOL,
        metadata={
            "dagster/column_schema": dg.TableSchema(columns=[dg.TableColumn(name=m, type="table") for m in models])
        },
    )
    def release_candidate(context: dg.AssetExecutionContext) -> dg.MaterializeResult:  # type: ignore[type-arg]
        from dagster_project.lake.files import hash_file
        from dagster_project.publish.withholding import build_safe_candidate

        hold_for_run(context, run)
        draft, withheld = build_safe_candidate(run)
        if withheld:
            context.log.info(f"withheld from now on, as several tables together give a count away: {withheld} sets")
        context.log.info(f"candidate of release {draft.release_id}: {draft.path.name}")
        for mart, rows in draft.rows.items():
            context.log_event(dg.AssetObservation(asset_key=mart, metadata={"dagster/row_count": rows}))
        return dg.MaterializeResult(
            metadata={
                "dagster/row_count": sum(draft.rows.values()),
                "rows by table": dg.MetadataValue.json(draft.rows),
                "bytes": draft.path.stat().st_size,
                "sha256": hash_file(draft.path),
                "fingerprint of the inputs": draft.fingerprint,
                "sets withheld because several tables give them away": withheld,
                "path": dg.MetadataValue.path(draft.path),
            }
        )

    return release_candidate


def _gate(run: Run, models: Sequence[str]) -> dg.AssetChecksDefinition:
    specs = [
        dg.AssetCheckSpec(
            SUITE, asset=model, additional_deps=[CANDIDATE], description=f"expectations/marts/{model}.yml"
        )
        for model in models
    ]
    specs += [dg.AssetCheckSpec(kind, asset=CANDIDATE, blocking=True, description=text) for kind, text in KINDS.items()]

    @dg.multi_asset_check(specs=specs, name="gate_2_release", pool=POOL)
    def gate(context: dg.AssetCheckExecutionContext) -> Iterator[dg.AssetCheckResult]:
        from dagster_project.publish.evidence import seal
        from dagster_project.quality.judge import dismiss_judge
        from dagster_project.quality.marts import audit
        from dagster_project.release.candidate import newest_draft

        hold_for_run(context, run)
        project = _project(run)
        draft = newest_draft(project)
        results = audit(project, draft)
        dismiss_judge()
        evidence = seal(project, draft, results, run_id=context.run.run_id)
        context.log.info(
            f"candidate {evidence.sha256[:12]} sealed, {'passed' if evidence.passed else 'refused'}; {evidence.path}"
        )
        for spec in specs:
            yield _check_result(spec.key, evidence.results, evidence.path)

    return gate


def _check_result(key: dg.AssetCheckKey, results: Iterable["CheckResult"], evidence: Path) -> dg.AssetCheckResult:
    mine = [result for result in results if _belongs(key, result)]
    failed = _most_exact([result for result in mine if not result.passed])
    lines = [f"- **{r.name}** ({r.severity}): {r.sentence}" for r in failed[:MAXIMUM_LISTED]]
    only_warned = bool(failed) and not any(result.severity == "critical" for result in failed)
    return dg.AssetCheckResult(
        check_name=key.name,
        asset_key=key.asset_key,
        passed=not failed and bool(mine),
        severity=dg.AssetCheckSeverity.WARN if only_warned else dg.AssetCheckSeverity.ERROR,
        description="\n".join(f"{r.name} ({r.severity}): {r.sentence}" for r in failed[:MAXIMUM_LISTED])
        or "All passed.",
        metadata={
            "checks": len(mine),
            "failed": len(failed),
            "what": dg.MetadataValue.md("\n".join(lines) or "all passed"),
            "evidence": dg.MetadataValue.path(evidence),
        },
    )


def _belongs(key: dg.AssetCheckKey, result: "CheckResult") -> bool:
    kind = result.name.split(".")[0]
    if key.name == SUITE:
        return kind == "suite" and result.mart == key.asset_key.to_user_string()
    if result.severity != "critical" and not result.passed:
        return False
    wanted = SUITE if key.name == "suites" else key.name
    return kind.startswith(wanted) or (wanted == "reconciliation" and kind == "key")


def _most_exact(failed: list["CheckResult"]) -> list["CheckResult"]:
    """Without the line that only sums up the expectations of a suite, where they are there themselves."""
    return [r for r in failed if not any(other.name.startswith(f"{r.name}.") for other in failed)]


def _published(run: Run) -> dg.AssetsDefinition:
    @dg.asset(
        name="published_marts",
        deps=[CANDIDATE],
        description="published/marts.duckdb: the file that analysts open. Moves only to a candidate with passing evidence.",
        group_name="release",
        owners=[OWNER],
        kinds={"duckdb", "parquet"},
        tags={"layer": "release", "sensitivity": "public"},
        pool=POOL,
        freshness_policy=dg.FreshnessPolicy.cron(
            deadline_cron="0 6 * * *", lower_bound_delta=dt.timedelta(hours=5), timezone="Europe/London"
        ),
    )
    def published_marts(context: dg.AssetExecutionContext, config: PublishConfig) -> dg.MaterializeResult:  # type: ignore[type-arg]
        from dagster_project.publish.publish import publish

        hold_for_run(context, run)
        release = publish(
            _project(run),
            config.candidate_sha256 or None,
            keep_releases=run.settings.keep_releases,
            withdrawn_release=config.withdrawn_release,
        )
        context.log.info(f"release {release.name}: {release.outcome}")
        tag_release(context, release.name)
        metadata: dict[str, Any] = {
            "dagster/row_count": sum(release.rows.values()),
            "release": release.name,
            "outcome": release.outcome,
            "sha256": release.sha256,
            "path": dg.MetadataValue.path(run.lake.marts),
        }
        return dg.MaterializeResult(metadata=metadata)

    return published_marts
