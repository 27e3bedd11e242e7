"""The part of `make lint` that keeps the SQL to what DuckDB and Spark share: each word is found, and not where only DuckDB reads it."""

from __future__ import annotations

import pytest

from tests.parity.subset import faults_of, functions_of, words_of

PLANTED = {
    "select a from t qualify row_number() over (order by a) = 1": "kept",
    "select count(*) filter (a = 1) from t": "where",
    "select cast(a as varchar) from t": "string",
    "select t.* exclude (a) from t": "all_but",
    "select t.* except (a) from t": "all_but",
    "with recursive t as (select 1 as a) select a from t": "each_step",
    "select * replace (1 as a) from t": "all_with",
    "select a from t union all by name select a from u": "columns",
    "select a::int from t": "cast",
    "select sum(a) over w - a from t window w as (order by b)": "brackets",
    "select string_agg(a, ',' order by a) from t": "listed_text",
    "select max_by(a, b order by a) from t": "value_at_largest",
    "select unnest(a) from t": "each_of",
    "select regexp_matches(a, '^x') from t": "text_matches",
    "select strftime(a, '%Y-%m') from t": "month_text",
}
HARMLESS = (
    "select count(*) filter (\n    where a = 1\n) from t",
    "select a -- qualify it, as varchar\nfrom t",
    "select 'union all by name' as words from t",
    "{# unnest(a) #} select {{ listed_text('a') }} from t",
    "{% macro duckdb__each_of(text) -%} unnest(split({{ text }}, ',')) {%- endmacro %}",
    "select (sum(a) over w) - a from t window w as (order by b)",
    "select max_by(a, b) from t order by a",
)


@pytest.mark.parametrize(("sql", "advice"), PLANTED.items())
def test_a_word_that_spark_does_not_read_is_found_with_its_line(sql: str, advice: str) -> None:
    (said,) = words_of(f"-- grain\n{sql}")
    assert said.startswith("line 2: ")
    assert advice in said


@pytest.mark.parametrize("sql", HARMLESS)
def test_what_both_read_passes(sql: str) -> None:
    assert list(words_of(sql)) == []


def test_a_function_that_is_not_known_to_both_is_found() -> None:
    assert list(faults_of("select a, -- why\nfrom t")) == ["a comma before from"]
    window = "select max(a) filter (where b) over (partition by c) from t"
    assert list(faults_of(window)) == ["filter within a window: write case"]
    (said,) = faults_of("select 'of a trust''s patients' as a from t where b = ''")
    assert said.startswith("a quotation mark within a text")
    assert list(faults_of("select epoch(a), coalesce(b, 1) from t")) == ["function epoch"]
    assert list(faults_of("select a from (values (1)) as t(a) where a in (1, 2) and not (a = 3)")) == []
    assert functions_of("select sum (a), count(*) from t as u(a)") == {"sum", "count"}
