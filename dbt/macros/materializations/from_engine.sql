{#
    What a model tagged `engine` is made of here: its own SQL, or where Apache Spark has built it (HIW_FACTS=spark, set by transform/dbt.py
    when facts were handed over) the Parquet files that came back. So one model has one text, whoever runs it; what dbt ran is in target/run.
#}
{% macro from_engine(sql) -%}
    {%- if "engine" in model.tags and env_var("HIW_FACTS", "duckdb") == "spark" -%}
        select * from read_parquet('{{ env_var("HIW_RETURNS") }}/{{ model.name }}/*.parquet')
    {%- else -%} {{ sql }}
    {%- endif -%}
{%- endmacro %}
