"""Facts built on a real cluster of Apache Spark, directly and by Spark Connect: as DuckDB's, or a failure in plain words and in time.

One trust's returns of the sample estate; master, two workers and the server of Spark Connect are processes of this machine.
"""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import pytest

from dagster_project.assets.engine import build_engine_assets
from dagster_project.lake.files import LakeError
from dagster_project.lake.paths import Lake
from dagster_project.lake.run import Run
from dagster_project.returns.area import ReturnsArea, keep_build_private
from dagster_project.settings import Settings
from dagster_project.transform.dbt import prepare_manifest
from dagster_project.transform.facts import MANIFEST, rows_in_place
from tests.fixtures.spark_cluster import TOKEN, Cluster, running_cluster
from tests.integration.transform.test_engine import KEYS
from tests.parity.compare import first_difference
from tests.warehouses import Warehouse

pytestmark = [pytest.mark.requires_engine, pytest.mark.timeout(3600)]
TRUST = "R9A"
WAIT_SECONDS = 30
LONGEST_SECONDS = 600
"""Until a job without workers has ended, on a machine that other work shares."""
FIRST_TABLE, LAST_MODEL = (f"START sql table model restricted.int_returns__{name}" for name in ("ranked", "rate_cell"))


@dataclass
class Job:
    """A data folder with the returns of one trust, whose facts are built on a cluster."""

    run: Run
    events: list[Any]

    @property
    def area(self) -> ReturnsArea:
        return ReturnsArea.of(self.run.lake)

    @property
    def log(self) -> Path:
        return self.run.lake.build / "engine" / "spark.log"

    def build(self) -> dg.ExecuteInProcessResult:
        """Materialise engine_facts."""
        assets = build_engine_assets(self.run, prepare_manifest(self.run))
        with dg.DagsterInstance.ephemeral() as instance:
            result = dg.materialize(assets, raise_on_error=False, instance=instance)
            self.events = [str(one) for one in instance.all_logs(result.run_id)]
        return result

    def at(self, moment: str, act: Callable[[], None]) -> threading.Thread:
        """Act once, when dbt says so; whether it came to that is asked by `join` and what it did."""

        def watch() -> None:
            while not (self.log.exists() and moment in self.log.read_text(encoding="utf-8", errors="replace")):
                time.sleep(0.2)
            act()

        thread = threading.Thread(target=watch, daemon=True)
        thread.start()
        return thread


def failure(result: dg.ExecuteInProcessResult) -> str:
    (event,) = (one for one in result.all_events if one.is_step_failure)
    error = event.step_failure_data.error
    return str(error.cause.message if error.cause else error.message)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with running_cluster(tmp_path_factory.mktemp("cluster") / "spark") as running:
        yield running


@pytest.fixture
def job(
    sample_warehouse: Warehouse,
    tmp_path_factory: pytest.TempPathFactory,
    cluster: Cluster,
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[..., Job]:
    def make(where: str, **settings: Any) -> Job:
        for name, value in cluster.environment.items():
            monkeypatch.setenv(name, value)
        lake = Lake(tmp_path_factory.mktemp("cluster_job") / "lake")
        shutil.copytree(
            ReturnsArea.of(Lake(sample_warehouse.lake)).clean_root,
            ReturnsArea.of(lake).clean_root,
            ignore=lambda folder, names: [name for name in names if name.count("_") > 2 and f"_{TRUST}_" not in name],
        )
        run = Run.of(Settings(data_lake=lake.root, engine="spark", spark=where, **settings))
        keep_build_private(lake)
        return Job(run, [])

    return make


def assert_facts_of_duckdb(job: Job, sample: Warehouse) -> None:
    rows = rows_in_place(job.run, KEYS)
    with duckdb.connect(str(Lake(sample.lake).warehouse), read_only=True) as con:
        for model, key in KEYS.items():
            assert rows[model] > 0
            con.execute(f"create temp view got as from read_parquet('{job.area.clean(model)}/*.parquet')")
            con.execute(
                f"create temp view wanted as select * from restricted.{model} where split_part(submission_id, '_', 2) = '{TRUST}'"
            )
            assert first_difference(con, "wanted", "got", key) == ""
            con.execute("drop view got")
            con.execute("drop view wanted")


def assert_nothing_is_read(job: Job) -> None:
    assert not (job.area.clean_root / MANIFEST).exists()
    assert not (job.run.lake.build / "engine" / "work").exists()
    with pytest.raises(LakeError, match="no usable manifest"):
        rows_in_place(job.run, KEYS)


def test_a_cluster_gives_the_facts_of_duckdb_though_a_worker_dies_meanwhile(
    job: Callable[..., Job], cluster: Cluster, sample_warehouse: Warehouse
) -> None:
    with ExitStack() as stack:
        cluster.have_workers(stack, 2)
        made = job(cluster.where)
        killed = made.at(LAST_MODEL, cluster.kill_worker)
        result = made.build()
        assert result.success, failure(result)
        killed.join(0)
        assert not killed.is_alive(), "no worker was killed"
        assert_facts_of_duckdb(made, sample_warehouse)
        assert any("int_returns__rate_cell: success after" in event for event in made.events), "the run's log says so"


def test_a_cluster_whose_workers_all_die_fails_in_plain_words_and_in_time(
    job: Callable[..., Job], cluster: Cluster
) -> None:
    with ExitStack() as stack:
        cluster.have_workers(stack, 2)
        assert_ends_in_time(job(cluster.where, spark_wait_seconds=WAIT_SECONDS), cluster)


def test_spark_connect_gives_the_facts_of_duckdb_and_no_message_holds_its_token(
    job: Callable[..., Job], cluster: Cluster, sample_warehouse: Warehouse, tmp_path: Path
) -> None:
    (tmp_path / "token").write_text(f"{TOKEN}\n", encoding="utf-8")
    with ExitStack() as stack:
        cluster.have_workers(stack, 2)
        where = f"sc://localhost:{cluster.start_connect(stack, TOKEN)}"
        made = job(where, spark_token_file=tmp_path / "token")
        result = made.build()
        assert result.success, failure(result)
        assert_facts_of_duckdb(made, sample_warehouse)
        assert not list(cluster.folder.glob("tables/*/*")), "a server outlives the job: tables of true counts go"
        said = [*made.events, made.log.read_text(encoding="utf-8"), (made.area.clean_root / MANIFEST).read_text()]
        assert not [one for one in said if TOKEN in one]

        stranger = job(where, spark_token="another")
        assert "Apache Spark could not be reached" in failure(stranger.build())
        assert_nothing_is_read(stranger)

        assert_ends_in_time(job(where, spark_token=TOKEN, spark_wait_seconds=WAIT_SECONDS), cluster)


def assert_ends_in_time(made: Job, cluster: Cluster) -> None:
    """Every worker dies once the first table has begun."""
    killed: list[float] = []

    def kill_all() -> None:
        cluster.kill_workers()
        killed.append(time.monotonic())

    made.at(FIRST_TABLE, kill_all)
    result = made.build()
    assert not result.success
    assert time.monotonic() - killed[0] < LONGEST_SECONDS
    assert f"had no worker for the job for {WAIT_SECONDS} seconds" in failure(result)
    assert_nothing_is_read(made)
