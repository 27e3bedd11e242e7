"""Two assets for every source: raw_<slug> (fetch and keep) and clean_<slug> (parse and gate 1), made from its source.yml."""

# No `from __future__ import annotations` here: Dagster reads the config classes from the real annotations.

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import dagster as dg
from pydantic import Field

from dagster_project.assets.run_tags import tag_held
from dagster_project.assets.transports import open_transport
from dagster_project.contracts.source import Source, load_sources
from dagster_project.contracts.suite import landing_fingerprint
from dagster_project.jobs import NIGHT_TAGS
from dagster_project.lake.acceptance import Acceptance, CleanReport
from dagster_project.lake.calendar import LONDON, newest_expected_period
from dagster_project.lake.progress import show_progress
from dagster_project.lake.run import Run
from dagster_project.lake.snapshots import FetchReport, fetch_source
from dagster_project.quality.judge import start_judge
from dagster_project.quality.landing import landing_gate
from dagster_project.runtime.orphans import hold_for_run

MAXIMUM_LISTED = 20
MONTHS = dg.DynamicPartitionsDefinition(name="months")
"""`2026-02-01`: a month that a publisher has issued, of every source with months, because a job's assets may not have two kinds of
partitions. Each is added as its file comes: a month that nobody has issued is not missing.
"""
BACKFILL_PAGE = "../locations/dagster_project.definitions/jobs/backfill_{slug}?partition={month}"
"""From the page of a check or of a run, also behind a proxy with a path of its own; the dialog that opens there has the month already."""


class SourceConfig(dg.Config):
    """What one run of a source may be told in the launchpad."""

    offline: bool = Field(False, description="Use what is kept; ask no publisher.")
    fetch_again: bool = Field(False, description="Fetch every file again in full, whatever is kept.")
    parse_again: bool = Field(False, description="Parse and judge every snapshot again, even those with a verdict.")


# Dagster's pages list checks by the alphabet and open the first: those that can fail a source come before those that only warn.
CHECKS = {
    "raw": {
        "files_accepted": "No download was refused.",
        "publisher_reachable": "The landing pages were found.",
        "without_unknown_links": "Every data file on the landing pages is taken, or left out by a name in source.yml.",
    },
    "clean": {
        "landing_suite": "Gate 1: the Great Expectations suite of the source; a failure holds that file back.",
        "parsed_whole": "Every snapshot could be parsed and its rows accounted for.",
        "recent_as_its_calendar": "The newest period in use is the one that the publisher's calendar lets expect.",
        "rows_accepted": "No row was rejected.",
    },
}


def build_source_assets(run: Run, source: Source) -> dg.AssetsDefinition:
    """Return the raw and the clean asset of one source, in one step.

    One step, because a nightly run is not a run of partitions, and in such a run Dagster cannot pass from one partitioned asset
    to another ("Cannot access partition_key"; with `can_subset` too, in the checks). To parse again without fetching, set `offline` in
    the launchpad.
    """
    partitions = MONTHS if source.monthly_partitions_from else None

    @dg.multi_asset(
        name=f"source_{source.slug}",
        specs=[_raw_spec(source), _clean_spec(source)],
        check_specs=[
            dg.AssetCheckSpec(check, asset=f"{layer}_{source.slug}", description=text)
            for layer, checks in CHECKS.items()
            for check, text in checks.items()
        ],
        partitions_def=partitions,
        backfill_policy=dg.BackfillPolicy.single_run() if partitions else None,
        retry_policy=dg.RetryPolicy(
            max_retries=2, delay=10, backoff=dg.Backoff.EXPONENTIAL, jitter=dg.Jitter.PLUS_MINUS
        ),
    )
    def fetch_and_parse(context: dg.AssetExecutionContext, config: SourceConfig) -> Iterator[Any]:
        hold_for_run(context, run)
        fetched = _fetch(context, config, run, source)
        if fetched.new:
            start_judge()
        yield from _raw_results(context, source, fetched)
        yield from _clean_results(context, source, _parse(context, config, run, source), _today(run))

    return fetch_and_parse


def _common(source: Source, layer: str) -> dict[str, Any]:
    return {
        "key": f"{layer}_{source.slug}",
        # A month that was held is not materialised.
        "skippable": True,
        "group_name": layer,
        "owners": [source.owner],
        "tags": {"layer": layer, "publisher": source.slug.split("_")[0], "sensitivity": "public"},
    }


def _raw_spec(source: Source) -> dg.AssetSpec:
    return dg.AssetSpec(
        description=f"{source.title}: files exactly as published. {source.why}",
        kinds={"python", "file"},
        metadata={
            "publisher": source.publisher,
            "licence": source.licence,
            "documentation": dg.MetadataValue.url(source.documentation),
        },
        freshness_policy=dg.FreshnessPolicy.cron(
            deadline_cron="0 6 * * *", lower_bound_delta=dt.timedelta(hours=5), timezone="Europe/London"
        ),
        **_common(source, "raw"),
    )


def _clean_spec(source: Source) -> dg.AssetSpec:
    calendar = source.calendar
    window = dt.timedelta(days=31 * calendar.months_per_period + calendar.lag_days + calendar.grace_days)
    return dg.AssetSpec(
        deps=[f"raw_{source.slug}", *(f"clean_{slug}" for slug in sorted(source.references))],
        description=f"{source.title}: typed Parquet, one file for each period, the newest vintage that passed gate 1.",
        kinds={"python", "duckdb", "parquet"},
        metadata={"dagster/column_schema": _column_schema(source)},
        freshness_policy=dg.FreshnessPolicy.time_window(fail_window=window),
        **_common(source, "clean"),
    )


def _fetch(context: dg.AssetExecutionContext, config: SourceConfig, run: Run, source: Source) -> FetchReport:
    if unknown := run.settings.selected_slugs - set(load_sources()):
        names = ", ".join(sorted(unknown))
        return FetchReport(problems=[f"HIW_ONLY names no source: {names}. Next: fix HIW_ONLY."], reachable=False)
    if run.settings.offline or config.offline or _left_out(run, source):
        return FetchReport()
    return fetch_source(
        source,
        open_transport(run, source.hosts),
        run.lake,
        today=_today(run),
        periods=_periods(context),
        again=config.fetch_again,
        progress=show_progress,
    )


def _parse(context: dg.AssetExecutionContext, config: SourceConfig, run: Run, source: Source) -> CleanReport:
    acceptance = Acceptance(
        source,
        run,
        landing_gate(run.limits),
        landing_fingerprint(source.slug),
    )
    return acceptance.run(periods=_periods(context), again=config.parse_again, progress=show_progress)


def _raw_results(context: dg.AssetExecutionContext, source: Source, report: FetchReport) -> Iterator[Any]:
    key, asked = f"raw_{source.slug}", _periods(context)
    _note_partitions(context, key, source, report.periods_fetched)
    if asked is None or not report.problems:
        yield dg.MaterializeResult(asset_key=key, metadata=_fetch_metadata(report))
    else:
        _note_whole(context, key, _fetch_metadata(report))
    yield _check(key, "publisher_reachable", report.reachable, report.problems if not report.reachable else [])
    yield _check(key, "files_accepted", not report.problems, report.problems)
    yield _check(
        key, "without_unknown_links", not report.unknown_names, report.unknown_names, dg.AssetCheckSeverity.WARN
    )


def _clean_results(
    context: dg.AssetExecutionContext, source: Source, report: CleanReport, today: dt.date
) -> Iterator[Any]:
    key, asked = f"clean_{source.slug}", _periods(context)
    in_use = {period for periods in report.in_use.values() for period in periods}
    _add_months(context, source, in_use)
    if asked is None:
        _note_partitions(context, key, source, report.periods_accepted)
    good = None if asked is None else (asked & in_use) - report.periods_held
    if good == asked:
        yield dg.MaterializeResult(asset_key=key, metadata=_clean_metadata(report))
    else:  # of several months, those that were taken
        _note_materialised(context, key, good or ())
        _note_whole(context, key, _clean_metadata(report))
    if report.periods_held:
        tag_held(context, f"{source.slug} {', '.join(sorted(report.periods_held))}")
    again = {
        f"fetch again {period}": dg.MetadataValue.url(BACKFILL_PAGE.format(slug=source.slug, month=f"{period}-01"))
        for period in sorted(report.periods_held)[:MAXIMUM_LISTED]
        if source.monthly_partitions_from
    }
    # The pages open this check first: it names what was refused before it could judge. What is only a warning is in the ledger and the evidence too.
    unjudged = [f"Refused before this check (parsed_whole): {sentence}" for sentence in report.refused]
    yield _check(key, "landing_suite", not report.held, [*report.held, *unjudged] or report.warnings, links=again)
    yield _check(key, "parsed_whole", not report.refused, report.refused, links=again)
    yield _recency_check(key, source, report, today)
    yield _check(key, "rows_accepted", not report.rejecting, report.rejecting, dg.AssetCheckSeverity.WARN)


def _today(run: Run) -> dt.date:
    """The day in London, where the publishers are."""
    return run.clock().astimezone(LONDON).date()


def _left_out(run: Run, source: Source) -> bool:
    return bool(run.settings.selected_slugs) and source.slug not in run.settings.selected_slugs


def _periods(context: dg.AssetExecutionContext) -> frozenset[str] | None:
    """The months that a backfill or the button asks for; None in a nightly run, which looks at all."""
    if context.has_partition_key or context.has_partition_key_range:
        return frozenset(key[:7] for key in context.partition_keys)
    return None


def _note_partitions(context: dg.AssetExecutionContext, key: str, source: Source, periods: Iterable[str]) -> None:
    """In a nightly run, mark the months that came as materialised, so that the UI's calendar of partitions is true."""
    months = _add_months(context, source, periods)
    if _periods(context) is None:
        _note_materialised(context, key, months)


def _add_months(context: dg.AssetExecutionContext, source: Source, periods: Iterable[str]) -> list[str]:
    """The periods that are partitions of the source, which from now on are there to be back-filled."""
    if source.monthly_partitions_from is None:
        return []
    months = sorted(period for period in periods if f"{period}-01" >= source.monthly_partitions_from.isoformat())
    context.instance.add_dynamic_partitions(str(MONTHS.name), [f"{month}-01" for month in months])
    return months


def _note_materialised(context: dg.AssetExecutionContext, key: str, months: Iterable[str]) -> None:
    for month in sorted(months):
        context.log_event(dg.AssetMaterialization(asset_key=key, partition=f"{month}-01"))


def _note_whole(context: dg.AssetExecutionContext, key: str, metadata: dict[str, Any]) -> None:
    """Say of the asset as a whole, and of no month, what it holds after a back-fill whose file was held. Without it the pages call the
    checks of this run "Not evaluated": they show those of the run that materialised last.
    """
    context.log_event(dg.AssetMaterialization(asset_key=key, metadata=metadata))


def _check(
    key: str,
    name: str,
    passed: bool,
    sentences: list[str],
    severity: dg.AssetCheckSeverity = dg.AssetCheckSeverity.ERROR,
    links: Mapping[str, dg.UrlMetadataValue] | None = None,
) -> dg.AssetCheckResult:
    shown = sentences[:MAXIMUM_LISTED]
    return dg.AssetCheckResult(
        asset_key=key,
        check_name=name,
        passed=passed,
        severity=severity,
        description="\n".join(shown) or "Nothing to report.",
        metadata={
            "count": len(sentences),
            "what": dg.MetadataValue.md("\n".join(f"- {line}" for line in shown) or "nothing"),
            **({} if passed else links or {}),
        },
    )


def _recency_check(key: str, source: Source, report: CleanReport, today: dt.date) -> dg.AssetCheckResult:
    expected = newest_expected_period(source, today)
    newest = max((periods[-1] for periods in report.in_use.values() if periods), default="")
    late = bool(expected) and bool(newest) and newest < expected
    return dg.AssetCheckResult(
        asset_key=key,
        check_name="recent_as_its_calendar",
        passed=bool(newest) and not late,
        severity=dg.AssetCheckSeverity.WARN,
        description=f"The newest period in use is {newest or 'none'}; the publisher's calendar lets expect {expected or 'nothing'}.",
        metadata={
            "newest period in use": newest or "none",
            "expected by the publisher's calendar": expected or "no rule",
        },
    )


def _fetch_metadata(report: FetchReport) -> dict[str, Any]:
    return {
        "files located": report.located,
        "files new": len(report.new),
        "files unchanged": report.unchanged,
        "bytes fetched": report.bytes_fetched,
        "new": dg.MetadataValue.md("\n".join(f"- {line}" for line in report.new[:MAXIMUM_LISTED]) or "nothing"),
        "sha256": dg.MetadataValue.md(
            "\n".join(f"- `{sha}`" for sha in report.sha256[:MAXIMUM_LISTED]) or "nothing new"
        ),
        "landing pages not found": dg.MetadataValue.md(
            "\n".join(f"- {page}" for page in report.missing_pages) or "none"
        ),
    }


def _clean_metadata(report: CleanReport) -> dict[str, Any]:
    rows = sum(parsed.clean_rows for parsed in report.reports)
    suppressed = sum(parsed.statuses.get("suppressed", 0) for parsed in report.reports)
    in_use = {
        entity: f"{len(periods)}: {periods[0]} to {periods[-1]}" if periods else "none"
        for entity, periods in report.in_use.items()
    }
    return {
        "dagster/row_count": report.rows_in_use,
        "rows parsed now": rows,
        "records rejected now": sum(parsed.records_rejected for parsed in report.reports),
        "suppressed share now": round(suppressed / rows, 6) if rows else 0.0,
        "sha256": dg.MetadataValue.md(
            "\n".join(f"- `{p.sha256}`" for p in report.reports[:MAXIMUM_LISTED]) or "nothing new"
        ),
        "periods in use": dg.MetadataValue.json(in_use),
    }


def _column_schema(source: Source) -> dg.TableSchema:
    return dg.TableSchema(
        columns=[
            dg.TableColumn(name=f"{entity.name}.{column.name}", type=column.type, description=column.description)
            for entity in source.entities
            for column in entity.clean_columns
        ]
    )


def build_backfill_jobs(sources: Iterable[Source]) -> list[Any]:
    """Return one job for each source of months, so that a back-fill is three clicks: the link on a failed check, Materialize, Launch.

    From the page of an asset it takes seven: raw and clean are one step, so Dagster asks whether both are meant, and shows the last 90 days.
    """
    return [
        dg.define_asset_job(
            f"backfill_{source.slug}",
            selection=dg.AssetSelection.assets(f"raw_{source.slug}", f"clean_{source.slug}"),
            description=f"Fetch and parse months of {source.slug} anew. The next nightly run builds the marts of them.",
            executor_def=dg.in_process_executor,
            run_tags=NIGHT_TAGS,
        )
        for source in sources
        if source.monthly_partitions_from
    ]
