"""`hiw sql`, `hiw query` and `hiw attach` as an analyst types them, and every example query on the released file."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from dagster_project.cli import app
from dagster_project.publish.publish import publish
from tests.integration.release.release_estate import Estate
from tests.warehouses import Warehouse

Hiw = Callable[..., Result]


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    estate = Estate.fresh(tmp_path_factory.mktemp("commands"))
    estate.take(1)
    publish(estate.project)
    return estate.lake.root


@pytest.fixture
def hiw(lake: Path, monkeypatch: pytest.MonkeyPatch) -> Hiw:
    """Run the command line on the small lake."""
    monkeypatch.setenv("HIW_DATA_LAKE", str(lake))
    return lambda *arguments: CliRunner().invoke(app, list(arguments))


def test_every_example_query_runs_on_the_released_file(sample_warehouse: Warehouse) -> None:
    queries = sample_warehouse.query('select name, sql, question, "user" from meta.example_queries')
    assert len(queries) > 30
    for name, sql, question, user in queries:
        assert question.endswith("?") and user, name
        sample_warehouse.query(sql)


def test_query_without_a_name_lists_what_there_is(hiw: Hiw) -> None:
    listed = json.loads(hiw("query", "--json").stdout)
    assert [row["name"] for row in listed] == ["how_fresh_is_it", "values_of_an_indicator"]
    assert all(row["question"].endswith("?") for row in listed)


def test_query_runs_and_prints_what_the_query_gives(hiw: Hiw) -> None:
    sql = hiw("query", "values_of_an_indicator", "--sql").stdout
    by_name, by_hand = (hiw(*words, "--json").stdout for words in (("query", "values_of_an_indicator"), ("sql", sql)))
    assert json.loads(by_name) == json.loads(by_hand) != []


def test_unknown_query_says_which_there_are(hiw: Hiw) -> None:
    result = hiw("query", "nonsense")
    assert result.exit_code == 1
    assert "how_fresh_is_it" in result.stderr


def test_csv_is_read_back_and_no_cell_of_it_is_a_formula(hiw: Hiw) -> None:
    result = hiw("sql", "select '=1+1' as a, 'x, \"y\"' as b, -5 as c, null as d", "--csv")
    assert list(csv.reader(io.StringIO(result.stdout))) == [["a", "b", "c", "d"], ["'=1+1", 'x, "y"', "-5", ""]]


def test_text_in_brackets_is_shown_as_it_is(hiw: Hiw) -> None:
    assert "[c]" in hiw("sql", "select '[c]' as cell").stdout


def test_a_wrong_query_ends_with_1_and_the_reason(hiw: Hiw) -> None:
    result = hiw("sql", "select nothing from nowhere")
    assert result.exit_code == 1
    assert "nowhere" in result.stderr


def test_attach_prints_the_languages_asked_for(hiw: Hiw, lake: Path) -> None:
    for language, word in (("python", "import duckdb"), ("r", "dbConnect"), ("duckdb", "attach")):
        printed = hiw("attach", language).stdout
        assert word in printed and str(lake / "published" / "marts.duckdb") in printed
    assert "dbConnect" in hiw("attach").stdout and "import duckdb" in hiw("attach").stdout
