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
from dagster_project.operate.find import find
from dagster_project.operate.shown import shown
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


def test_example_queries_say_what_they_need_and_how_many_rows_they_give_with_rows_first(
    sample_warehouse: Warehouse,
) -> None:
    listed = sample_warehouse.query("select name, needs, rows_count, sql from meta.example_queries")
    with_rows = [rows > 0 for _, _, rows, _ in listed]
    assert with_rows == sorted(with_rows, reverse=True)
    assert {needs for _, needs, _, _ in listed} == {"sources", "returns"}
    for name, _, rows, sql in listed:
        if "meta." not in sql:  # what a query says of the release itself is written after it was judged
            assert len(sample_warehouse.query(sql)) == rows, name


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


def test_a_name_is_shown_whole_and_a_number_with_the_digits_that_a_reader_can_use(hiw: Hiw) -> None:
    name = "an organisation whose name is longer than the screen of eighty columns on which it is shown"
    printed = hiw("sql", f"select '{name}' as organisation_name, 1.1345932456 as ratio, 7187677.0 as waiting").stdout
    assert [line.split(maxsplit=1) for line in printed.splitlines()[1:]] == [
        ["organisation_name", name],
        ["ratio", "1.135"],
        ["waiting", "7187677"],
    ]


@pytest.mark.parametrize(
    ("number", "text"),
    [
        *((0.0, "0"), (-0.00270912, "-0.002709"), (0.5, "0.5"), (61.3854, "61.39"), (999.96, "1000")),
        *((12345.678, "12346"), (float("inf"), "inf"), (7, "7"), (None, "")),
    ],
)
def test_numbers_on_the_screen_have_four_digits_and_their_whole_part(number: object, text: str) -> None:
    assert shown(number) == text


@pytest.mark.parametrize(
    ("word", "kind", "name"),
    [
        ("DNA", "indicator", "op_did_not_attend"),
        ("fta", "indicator", "op_did_not_attend"),
        ("RTT", "indicator", "rtt_within_18_weeks"),
        ("52 weeks", "indicator", "wlmds_over_52_weeks"),
        ("52ww", "indicator", "rtt_over_52_weeks"),
        ("SMI", "indicator", "SMI-01"),
        ("preterm", "indicator", "MAT-04"),
        ("blood pressure", "indicator", "HYP-01"),
        ("WL_GT52_PCT", "metric", "WL_GT52_PCT"),
        ("missed outpatient", "metric", "OP_DNA_PCT"),
        ("WUNK", "word", "unknown clock start"),
        ("WUNK", "column", "unknown_clock_start_share"),
        ("icb_code", "column", "icb_code"),
        ("known", "query", "ethnicity_recording"),
        ("IMD", "word", "Index of Multiple Deprivation"),
    ],
)
def test_a_word_is_found_by_every_name_that_analysts_have_for_it(
    sample_warehouse: Warehouse, word: str, kind: str, name: str
) -> None:
    hits = find(sample_warehouse.lake / "published" / "marts.duckdb", word)
    assert (kind, name) in {(hit.kind, hit.name) for hit in hits}
    assert all(hit.says and hit.see for hit in hits)


QUESTIONS = {
    "group_against_group_over_time": "Black",
    "ethnicity_recording": "ethnicity",
    "missed_appointments_by_deprivation": "DNA",
    "what_changed_since_the_period_before": "changed",
    "core20plus5_2_severe_mental_illness": "SMI",
    "control_chart_of_four_hour_waits": "four-hour",
    "core20_population": "Core20",
    "is_the_core20_gap_closing": "closing",
    "preterm_births_by_deprivation": "preterm",
    "long_waits_by_specialty": "specialty",
    "priorities_of_trusts": "avoidable",
}
"""Eleven questions of an ICB's analyst, as example queries, each with the word under which she looks for it."""


def test_eleven_questions_of_an_analyst_are_found_and_answered_or_say_why_not(sample_warehouse: Warehouse) -> None:
    rows = dict(sample_warehouse.query("select name, rows_count from meta.example_queries"))
    marts = sample_warehouse.lake / "published" / "marts.duckdb"
    for name, word in QUESTIONS.items():
        assert ("query", name) in {(hit.kind, hit.name) for hit in find(marts, word)}, word
        assert rows[name] > 0, name
    told = dict(sample_warehouse.query("select name, sql from meta.example_queries"))
    not_published = sample_warehouse.query(
        f"select * from ({told['missed_appointments_by_deprivation']}) where availability <> 'nearest'"
    )
    assert not_published and all(row[3] for row in not_published), "a reason for every level"
    compared = sample_warehouse.query(
        f"select q.value, q.previous_value, f.value from ({told['what_changed_since_the_period_before']}) as q join dim_organisation as o "
        "using (organisation_name) join dim_indicator as i using (indicator_name) join fct_indicator_value as f on f.indicator_id = i.indicator_id "
        "and f.organisation_code = o.organisation_code and f.period_end = q.previous_period_end and f.dimension = 'all' "
        "and f.treatment_function_code = 'all' and f.geography_basis = 'current' and f.standardisation = 'crude'"
    )
    assert len(compared) > 10 and all(before == found for _, before, found in compared)


def test_an_indicator_that_is_found_says_how_far_its_figures_reach(sample_warehouse: Warehouse) -> None:
    marts = sample_warehouse.lake / "published" / "marts.duckdb"
    says = {hit.name: hit.see for hit in find(marts, "DNA") if hit.kind == "indicator"}
    newest = (
        "select max(period_end) from fct_indicator_value where indicator_id = 'op_did_not_attend' and value is not null"
    )
    assert f"newest figure {sample_warehouse.one(newest)}, england" in says["op_did_not_attend"]
    assert says["op_did_not_attend_by_age"].startswith("newest figure")


def test_find_prints_what_it_found_and_ends_with_1_where_there_is_nothing(hiw: Hiw) -> None:
    assert "how_fresh_is_it" in hiw("find", "how", "far", "does", "each", "reach").stdout
    nothing = hiw("find", "zebra")
    assert nothing.exit_code == 1 and "zebra" in nothing.stderr


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
