{#
    Whether the name of an organisation ends as those of trusts, or of integrated care boards, do. The pattern has neither
    \b nor \s: a backslash in a literal is one in DuckDB, and the start of an escape in Spark.
#}
{% macro ends_like_trust(name) -%}
    {{ text_matches(name, "'(?i)(^|[^0-9A-Za-z_])NHS (foundation )?trust *$'") }}
{%- endmacro %}

{% macro ends_like_icb(name) -%}
    {{ text_matches(name, "'(?i)(^|[^0-9A-Za-z_])(ICB|integrated care board) *$'") }}
{%- endmacro %}
