-- Grain: published table made of returns x collection x period. Question: of how many
-- trusts is there a return behind the table, and who is missing?
-- Which collections a table is made of is read from the project's lineage, so that a
-- new mart is here without being listed.
with
    made_of as (
        select *
        from
            (
                values
                    {%- for mart, collection in (
                        tables_made_of_returns() or [["none", "none"]]
                    ) %}
                        ('{{ mart }}', '{{ collection }}') {{- "," if not loop.last }}
                    {%- endfor %}
            ) as listed(mart_name, collection_code)
    )

select
    cast(made_of.mart_name as string) as mart_name,
    cast(made_of.collection_code as string) as collection_code,
    coverage.period_start,
    coverage.period_end,
    coverage.trusts_expected,
    coverage.trusts_received as trusts_included,
    coverage.missing_trusts as trusts_left_out,
    coverage.period_end as data_as_of,
    '{{ "return" if env_var("HIW_ORIGIN") == "published" else "synthetic" }}'
    as data_origin
from made_of
inner join {{ ref("int_returns__coverage") }} as coverage using (collection_code)
