"""Large tables of a candidate are kept and added to: the draft holds what the warehouse holds, and no byte of what it held before."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable
from pathlib import Path

import duckdb
import pytest

from dagster_project.duck import connection
from dagster_project.quality.marts import audit
from dagster_project.release import grown
from dagster_project.release.dbt_artifacts import RELEASE_ID, ColumnDescription, ExposedModel
from dagster_project.release.grown import Grown
from tests.integration.release.release_estate import Estate, fingerprint_of

HISTORIES, NIGHTS = 30, 6
SECRET = "Seen once in {} and withheld since"


def mart(name: str, *columns: str) -> ExposedModel:
    described = tuple(ColumnDescription(column, column, "", "varchar") for column in columns)
    return ExposedModel(name, "marts", name, name, (*described, RELEASE_ID), columns[:2], "public", name, part="month")


COLUMNS = ("month", "code", "figure", "words")
MARTS = (mart("mart_first", *COLUMNS), mart("mart_second", *COLUMNS))


class Warehouse:
    """Two marts by month, the file that grows, and the draft of a night."""

    def __init__(self, root: Path) -> None:
        self.con = duckdb.connect()
        self.con.execute(f"attach '{root / 'warehouse.duckdb'}' as warehouse")
        self.con.execute("create schema warehouse.marts")
        for model in MARTS:
            self.con.execute(
                f"create table warehouse.marts.{model.name} (code varchar, month date, figure double, words varchar)"
            )
        self.grown = Grown(root / "grown.duckdb")
        self.draft = root / "draft.duckdb"

    def add(self, model: ExposedModel, month: int, words: str = "as it was sent", code: str = "N9") -> None:
        self.con.execute(
            f"insert into warehouse.marts.{model.name} "
            "select ? || i, (date '2020-01-31' + to_months(?::int))::date, random(), ? from range(20) t(i)",
            [code, month, words],
        )

    def say(self, statement: str, model: ExposedModel) -> None:
        self.con.execute(statement.format(f"warehouse.marts.{model.name}"))

    def night(self) -> tuple[str, ...]:
        self.draft.unlink(missing_ok=True)
        return self.grown.copy(self.con, MARTS, self.draft)

    def require_equal(self, marts: Iterable[str] = ("mart_first", "mart_second")) -> None:
        """The draft holds the rows of these marts, in the columns and their order as they are described."""
        self.con.execute(f"attach '{self.draft}' as draft (read_only)")
        for name in marts:
            built = f"(select {', '.join(COLUMNS)} from warehouse.marts.{name})"
            for one, other in ((built, f"draft.{name}"), (f"draft.{name}", built)):
                assert self.con.execute(f"from {one} except all from {other}").fetchall() == []
        self.con.execute("detach draft")


@pytest.fixture(autouse=True)
def _every_table_is_large_and_every_month_settled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grown, "LARGE", 1)
    monkeypatch.setattr(grown, "SETTLED_AFTER_DAYS", -1)


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    made = Warehouse(tmp_path)
    for model in MARTS:
        for month in range(3):
            made.add(model, month)
    return made


def test_a_new_month_is_added_to_the_file_that_is_there(warehouse: Warehouse) -> None:
    assert warehouse.night() == ("mart_first", "mart_second")
    first = warehouse.grown.path.stat().st_ino
    warehouse.add(MARTS[0], 3)
    warehouse.night()
    warehouse.require_equal()
    assert warehouse.grown.path.stat().st_ino == first


@pytest.mark.parametrize(
    "change",
    [
        "update {0} set figure = figure + 1 where month = date '2020-02-29' and code = 'N97'",
        "delete from {0} where month = date '2020-02-29'",
        "delete from {0} where code = 'N93' and month = date '2020-01-31'",
        "alter table {0} alter figure type decimal(18, 6)",
        "insert into {0} select * from {0} where month = date '2020-03-31' and code = 'N91'",
    ],
)
def test_a_month_that_changed_has_the_file_made_again(warehouse: Warehouse, change: str) -> None:
    warehouse.night()
    first = warehouse.grown.path.stat().st_ino
    warehouse.say(change, MARTS[1])
    # a file of that number may take the place of the one that was removed: it stays open here
    with warehouse.grown.path.open("rb"):
        warehouse.night()
    warehouse.require_equal()
    assert warehouse.grown.path.stat().st_ino != first


def test_no_byte_is_left_of_a_figure_that_is_withheld_now(warehouse: Warehouse) -> None:
    secret = SECRET.format("March")
    warehouse.add(MARTS[0], 5, secret)
    warehouse.night()
    assert secret.encode() in warehouse.draft.read_bytes(), "the test would not find the words where they are"
    warehouse.say("update {0} set words = 'withheld', figure = null where words like 'Seen once%'", MARTS[0])
    warehouse.night()
    assert secret.encode() not in warehouse.draft.read_bytes()
    assert secret.encode() not in warehouse.grown.path.read_bytes()


@pytest.mark.parametrize("torn", ["cut", "without a record", "another", "wal"])
def test_a_file_that_a_killed_run_left_is_made_again(warehouse: Warehouse, torn: str) -> None:
    warehouse.night()
    path = warehouse.grown.path
    if torn == "cut":
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    elif torn == "another":
        with duckdb.connect(str(path)) as con:
            con.execute("update mart_first set figure = -1")
    else:
        warehouse.grown.record.unlink()
        if torn == "wal":
            path.with_name(f"{path.name}.wal").write_bytes(b"half a transaction")
    warehouse.add(MARTS[0], 4)
    warehouse.night()
    warehouse.require_equal()


def test_the_newest_months_stay_out_of_the_file(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are still moving: a change in them leaves the file as it is. A month that is the newest again, and changed, has it made again."""
    monkeypatch.setattr(grown, "SETTLED_AFTER_DAYS", 40)
    warehouse.night()
    with duckdb.connect(str(warehouse.draft), read_only=True) as con:
        assert con.execute("select distinct month::varchar from mart_first").fetchall() == [("2020-01-31",)]
    first = warehouse.grown.path.stat().st_ino
    warehouse.say("update {0} set figure = 2 where month > date '2020-02-01'", MARTS[0])
    warehouse.night()
    assert warehouse.grown.path.stat().st_ino == first
    warehouse.say("delete from {0} where month > date '2020-02-01'", MARTS[0])
    warehouse.say("update {0} set figure = 3", MARTS[0])
    with warehouse.grown.path.open("rb"):
        warehouse.night()
    assert warehouse.grown.path.stat().st_ino != first
    with duckdb.connect(str(warehouse.draft), read_only=True) as con:
        assert con.execute("select count(*) from mart_first").fetchall() == [(0,)]


def test_small_tables_leave_no_file(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    warehouse.night()
    monkeypatch.setattr(grown, "LARGE", 61)
    assert warehouse.night() == ()
    assert not warehouse.draft.exists()
    assert not warehouse.grown.path.exists()
    assert not warehouse.grown.record.exists()


@pytest.mark.parametrize("settled_after_days", [-1, 100])
def test_a_candidate_with_a_table_from_the_file_is_the_same_candidate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settled_after_days: int
) -> None:
    """The facts of the small estate, made by part: written anew, kept from that night, and with a month more."""
    monkeypatch.setattr(grown, "SETTLED_AFTER_DAYS", settled_after_days)
    estate = Estate.fresh(tmp_path)
    plain = estate.build().contents
    manifest = estate.project.manifest
    content = json.loads(manifest.read_text())
    (node,) = (found for found in content["nodes"].values() if found["name"] == "fct_indicator_value")
    node["config"]["part"] = "period_start"
    manifest.write_text(json.dumps(content))
    for _ in range(2):
        assert estate.build().contents == plain
    estate.change(
        "insert into fct_indicator_value select * replace ((select max(period_start) from fct_indicator_value) + 31 as period_start) "
        "from fct_indicator_value where period_start = (select max(period_start) from fct_indicator_value)"
    )
    draft = estate.build(fingerprint_of(2))
    assert draft.rows["fct_indicator_value"] > 1600
    with connection(draft.path, read_only=True) as con:
        said = con.execute("select distinct release_id from fct_indicator_value").fetchall()
        assert said == [(fingerprint_of(2)[:12],)]
        assert (
            con.execute(
                "select column_default from duckdb_columns() where column_name = 'release_id' and column_default is not null"
            ).fetchall()
            == []
        )
    results = audit(estate.project, draft)
    assert [result for result in results if result.blocks] == []


@pytest.mark.parametrize("seed", range(HISTORIES))
def test_histories_give_a_draft_of_what_the_warehouse_holds(tmp_path: Path, seed: int) -> None:
    """Months come, are revised, go, come back; a column changes its type; a night is killed with the file half written."""
    chance, made = random.Random(seed), Warehouse(tmp_path)
    gone: list[bytes] = []
    for night in range(NIGHTS):
        model = chance.choice(MARTS)
        for _ in range(chance.randint(1, 3)):
            step = chance.choice(["new", "new", "new", "revise", "withdraw", "withhold", "kill"])
            if step == "new":
                words = SECRET.format(f"history {seed} night {night} {chance.random()}")
                made.add(model, night * 10 + chance.randint(0, 9), words, f"N{night}{chance.randint(0, 999)}-")
            elif step == "revise":
                made.say("update {0} set figure = figure * 2 where month = (select min(month) from {0})", model)
            elif step == "withdraw":
                made.say("delete from {0} where month = (select max(month) from {0})", model)
            elif step == "withhold":
                gone += [
                    row[0].encode()
                    for row in made.con.execute(f"select distinct words from warehouse.marts.{model.name}").fetchall()
                ]
                made.say("update {0} set words = 'withheld'", model)
            elif made.grown.path.exists():
                made.grown.record.unlink(missing_ok=True)
                made.grown.path.write_bytes(made.grown.path.read_bytes()[: chance.randint(0, 4096)])
        if kept := made.night():
            made.require_equal(kept)
            assert not [words for words in gone if words != b"withheld" and words in made.draft.read_bytes()]
