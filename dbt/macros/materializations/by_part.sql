{#
    A table of which only the parts are made again whose inputs have changed: a submission, a file, a period. What one part costs does
    not depend on how many others are kept. Nothing of it can be stale:
    - Every build begins with the parts that are wanted and what each is made of (wanted_parts, called by the model). A part that is no
      longer wanted goes, one made of something else is made again, in one transaction with the record of what the rest is made of.
    - What the record does not name (code, macros, seeds, settings, libraries) is the same as when the rows were made: only a nightly run
      that found the warehouse as the last whole run of this very project left it says HIW_KEEP_PARTS=yes (transform/standing.py).
      Any other dbt, and `--full-refresh`, makes every part.
    - Every build makes one part again that has not changed, another each day, and fails where its rows are not those that are kept.
    A model of this kind reads seeds, views of staging and what its parts name, and nothing else (tests/contract/test_definitions.py).
    Config: part, the column that names the part of a row.
#}
{% materialization by_part, adapter = "duckdb" %}
    {%- set target_relation = this.incorporate(type="table") -%}
    {%- set part = config.require("part") -%}
    {%- set wanted, recorded = parts_relation("wanted"), parts_relation("recorded") -%}
    {%- set is_contracted = config.get("contract").enforced -%}
    {%- do drop_other_kind(target_relation) -%}
    {%- set sql = from_engine(sql) -%}
    {%- call statement("main") -%}
        {%- if is_contracted -%} {{ get_assert_columns_equivalent(sql) }} {%- endif -%}
        {%- if are_parts_kept() -%}
            create or replace temp table built_now as (
            {{ get_select_subquery(sql) if is_contracted else sql }}
            );
            {{ require_wanted_parts("built_now", part) }}
            {{ require_same_part(target_relation, part, unchanged_part()) }}
            delete from {{ target_relation }}
            where
                not exists (
                    select 1
                    from {{ recorded }}
                    join {{ wanted }} using (part, made_of)
                    where part = cast({{ part }} as string)
                )
            ;
            insert into {{ target_relation }}
            select * from built_now where cast({{ part }} as string) in ({{ changed_parts() }});
            drop table built_now;
        {%- else -%} {{ create_whole_table(target_relation, sql) }} {{ require_wanted_parts(target_relation, part) }}
        {%- endif -%}
        create or replace table {{ recorded }} as select * from {{ wanted }};
    {%- endcall -%}
    {%- do adapter.commit() -%}
    {{ return({"relations": [target_relation]}) }}
{% endmaterialization %}

{#
    Which parts of the model this build makes: a list of their names, or none for all of them. Writes down what is wanted, so that
    the model and its materialization speak of the same state of the inputs.
    Input: parts, a SELECT of part (unique) and made_of, a text that changes with everything the part's rows are made of.
#}
{% macro wanted_parts(parts) -%}
    {%- if not execute or flags.WHICH not in (
        "build",
        "run",
    ) or model.resource_type != "model" or target.type != "duckdb" -%}
        {{ return(none) }}
    {%- endif -%}
    {%- do run_query(
        "create or replace table "
        ~ parts_relation("wanted")
        ~ " as select cast(part as string) as part, cast(made_of as string) as made_of from ("
        ~ parts
        ~ ")"
    ) -%}
    {%- if not are_parts_kept() -%} {{ return(none) }} {%- endif -%}
    {%- set asked = changed_parts() ~ " union all select part from (" ~ unchanged_part() ~ ")" -%}
    {{ return(run_query("select part from (" ~ asked ~ ") order by part").columns[0].values() | list) }}
{%- endmacro %}

{# A condition: the row is of a part that this build makes. Inputs: asked, as wanted_parts gives it; column, that names the part. #}
{% macro in_parts(asked, column) -%}
    {%- if asked is none -%} true
    {%- elif not asked -%} false
    {%- else -%}
        {{ column }}
        in ({%- for part in asked -%}{{ dbt.string_literal(part) }} {{- ', ' if not loop.last }} {%- endfor -%})
    {%- endif -%}
{%- endmacro %}

{# Two tables beside the model: `wanted`, the parts of this build, and `recorded`, those that the table holds, with what they are made of. #}
{% macro parts_relation(kind) -%}
    {{
        return(
            api.Relation.create(
                database=this.database, schema=this.schema, identifier=this.identifier ~ "__" ~ kind, type="table"
            )
        )
    }}
{%- endmacro %}

{# The table `recorded` of another model that is made by part. #}
{% macro recorded_of(relation) -%}
    {{
        return(
            api.Relation.create(
                database=relation.database, schema=relation.schema, identifier=relation.identifier ~ "__recorded"
            )
        )
    }}
{%- endmacro %}

{# Whether the table holds parts of an earlier build that may stay. #}
{% macro are_parts_kept() -%}
    {%- if env_var("HIW_KEEP_PARTS", "no") != "yes" or should_full_refresh() -%} {{ return(false) }} {%- endif -%}
    {%- set before, record = load_cached_relation(this), load_cached_relation(parts_relation("recorded")) -%}
    {{ return(before is not none and before.type == "table" and record is not none) }}
{%- endmacro %}

{# A SELECT of the parts that are made anew: not there, or made of something else. #}
{% macro changed_parts() -%}
    select part from {{ parts_relation("wanted") }} anti join {{ parts_relation("recorded") }} using (part, made_of)
{%- endmacro %}

{# A SELECT of the one part that stays and is made again to compare, the next in order each day; no row where none stays. #}
{% macro unchanged_part() -%}
    select part
    from
        (
            select part, row_number() over (order by part) - 1 as place, count(*) over () as parts
            from {{ parts_relation("wanted") }}
            join {{ parts_relation("recorded") }} using (part, made_of)
        )
    where place = {{ run_started_at.toordinal() }} % parts
{%- endmacro %}

{# Fails where a row is of a part that nobody wants: what it is made of would not be recorded. #}
{% macro require_wanted_parts(rows, part) -%}
    select
        error(
            'a row of {{ this.identifier }} is of no part that is wanted: its parts (wanted_parts) are not what its rows are made of'
        )
    from {{ rows }}
    where not exists (select 1 from {{ parts_relation("wanted") }} where part = cast({{ part }} as string))
    limit 1
    ;
{%- endmacro %}

{# Fails where the rows of a part that did not change are not those that are kept. Inputs: kept, the table; part, its column; chosen, a SELECT. #}
{% macro require_same_part(kept, part, chosen) -%}
    {%- set of_part = " where cast(" ~ part ~ " as string) in (" ~ chosen ~ ")" -%}
    select
        error(
            '{{ this.identifier }} keeps rows that a fresh build of the same inputs does not give: run hiw refresh --full'
        )
    from
        (
            (
                select *
                from {{ kept }} {{ of_part }}
                except all
                select *
                from built_now
            )
            union all
            (
                select *
                from built_now {{ of_part }}
                except all
                select *
                from {{ kept }} {{ of_part }}
            )
        )
    limit 1
    ;
{%- endmacro %}

{#
    A SELECT of the parts of other tables of the warehouse for wanted_parts: the values of a column (a period). A part is made of
    - the rows of it in each relation of `rows`, by a hash of all of them in any order (a SELECT may stand for a relation),
    - what the same part of each relation of `kept` is made of, which are made by the same part,
    - all rows of each relation of `whole`: where one of these changes, every part is made again.
#}
{% macro parts_of_rows(part, rows=[], kept=[], whole=[]) -%}
    select
        part,
        md5(
            concat_ws(
                ' ',
                string_agg(of || ' ' || mark, ' ' order by of)
                {%- for relation in whole %}, (select {{ rows_mark() }} from {{ relation }} as rows_of_all){% endfor %}
            )
        ) as made_of
    from
        (
            {%- for relation in rows %}
                select cast({{ part }} as string) as part, {{ loop.index }} as of, {{ rows_mark() }} as mark
                from {{ relation }} as rows_of_all
                group by {{ part }} {{- ' union all ' if kept or not loop.last }}
            {%- endfor %}
            {%- for relation in kept %}
                select part, {{ 1000 + loop.index }} as of, made_of as mark
                from {{ recorded_of(relation) }} {{- ' union all ' if not loop.last }}
            {%- endfor %}
        )
    group by part
{%- endmacro %}

{#
    A SELECT for `rows` of parts_of_rows: what a dimension says of each code that the rows of a part name. As a `whole` relation it
    would have every part made again for one new organisation, which most months of RTT bring.
    Inputs: relations with period_end, and codes, the columns of each that hold a code; dimension, by default the organisations.
#}
{% macro named_in_parts(relations, codes, dimension=none) -%}
    (
        select names.period_end, dimension.*
        from
            (
                {%- for relation in relations %}
                    {%- set is_last = loop.last %}
                    {%- for code in codes %}
                        select period_end, {{ code }} as code
                        from {{ relation }}
                        group by all {{- "" if is_last and loop.last else " union " }}
                    {%- endfor %}
                {%- endfor %}
            ) as names
        inner join {{ dimension or ref("dim_organisation") }} as dimension on names.code = dimension.organisation_code
    )
{%- endmacro %}

{# The same for figures that on_both_geographies puts on current geography: the organisations that they name, and those that follow them. #}
{% macro followed_in_parts(relation) -%}
    {%- set current = ref("int_organisation_current") -%}
    {%- set followed -%}
        (
            select period_end, figures.organisation_code, current_organisation_code
            from {{ relation }} as figures
            left join {{ current }} as successions using (organisation_code)
        )
    {%- endset -%}
    {{
        return(
            [
                named_in_parts([relation], ["organisation_code"], current),
                named_in_parts([followed], ["organisation_code", "current_organisation_code"]),
            ]
        )
    }}
{%- endmacro %}

{#
    A SELECT of the parts of a table that is made by part, for wanted_parts, where a part is made of the same one and of those before
    it: all, or the days on which periods end within so many months (a trend).
#}
{% macro parts_with_those_before(relation, months=none) -%}
    select ends.part, md5(string_agg(points.part || ' ' || points.made_of, ', ' order by points.part)) as made_of
    from {{ recorded_of(relation) }} as ends
    inner join
        {{ recorded_of(relation) }} as points on points.part <= ends.part
        {%- if months is not none %}
            and cast(points.part as date) >= cast(cast(ends.part as date) - interval {{ months }} month as date)
        {%- endif %}
    group by ends.part
{%- endmacro %}

{# A text that changes with any row of the relation `rows_of_all`, and not with their order. #}
{% macro rows_mark() -%} count(*) || ' rows ' || coalesce(sum(cast(hash(rows_of_all) as hugeint)), 0) {%- endmacro %}

{#
    A SELECT of the parts of clean tables of returns for wanted_parts: the submissions that lie in their folders. A submission's name
    holds the hash of what was sent; the size and the time of its file are a second mark.
    Input: collections, a list like ["WL01", "OP01"].
#}
{% macro parts_of_returns(collections) -%}
    {%- for collection in collections %}
        select name as part, mark as made_of
        from ({{ file_marks(env_var("HIW_RETURNS") ~ "/" ~ collection | lower) }}) as files
        where name not like '!_%' escape '!' {{- ' union all ' if not loop.last }}
    {%- endfor %}
{%- endmacro %}

{# The same of those submissions alone that are in use, each made of how it is used too. #}
{% macro parts_of_returns_in_use(collections) -%}
    select part, md5(concat_ws(' ', made_of, cast(in_use as string))) as made_of
    from ({{ parts_of_returns(collections) }}) as files
    inner join {{ ref("int_returns__in_use") }} as in_use on files.part = in_use.submission_id
{%- endmacro %}

{#
    The rows of a clean table of returns that this build makes parts of, for the FROM clause. Their files are named: a condition on
    submission_id has DuckDB 1.5.5 read those of all months (10 of 4,142 files in 2.9 s; named, in 0.03 s).
    Inputs: collection, like WL01; asked, as wanted_parts gives it.
#}
{% macro returns_of_parts(collection, asked) -%}
    {%- set stage = ref("stg_returns__" ~ collection | lower) -%}
    {%- if asked is none -%} {{ stage }}
    {%- else -%}
        {%- set files = file_marks(env_var("HIW_RETURNS") ~ "/" ~ collection | lower) -%}
        {#- _empty.parquet has the columns and no row -#}
        {%- set named = (
            run_query(
                "select filename from ("
                ~ files
                ~ ") as files where name = '_empty' or "
                ~ in_parts(asked, "name")
                ~ " order by filename"
            )
            .columns[0]
            .values()
        ) -%}
        read_parquet(
            [{%- for file in named %}{{ dbt.string_literal(file) }}{{ ", " if not loop.last }}{% endfor -%}],
            union_by_name = true
        )
    {%- endif -%}
{%- endmacro %}

{#
    A SELECT of the parts of a publisher's clean table for wanted_parts: the values of a column (a month), each made of the files that
    have rows of it, by their snapshot (the hash of the file as it was published) and the mark of the clean file.
    Inputs: source and entity, as in source.yml; column, that names the part.
#}
{% macro parts_of_source(source, entity, column) -%}
    {%- set folder = env_var("HIW_CLEAN") ~ "/" ~ source ~ "/" ~ entity ~ "/current_" ~ env_var("HIW_ORIGIN") -%}
    select
        {{ column }} as part,
        string_agg(concat_ws(' ', name, snapshot_sha256, mark), ', ' order by name, snapshot_sha256) as made_of
    from
        (
            select distinct {{ column }}, filename, snapshot_sha256
            from read_parquet('{{ folder }}/*.parquet', union_by_name = true)
        )
    join ({{ file_marks(folder) }}) as files using (filename)
    group by {{ column }}
{%- endmacro %}

{#
    A SELECT of the files of a folder: filename, as DuckDB names them; name, without the ending; mark, which changes whenever a file is
    written again or a link leads to another. No file is read for it.
#}
{% macro file_marks(folder) -%}
    select filename, parse_filename(filename, true) as name, size || ' bytes of ' || epoch_us(last_modified) as mark
    from read_blob('{{ folder }}/*.parquet')
{%- endmacro %}
