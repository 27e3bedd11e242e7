{# The breakdowns by which the catalogue and the Statement ask for a figure; `all` is everybody. #}
{% macro breakdowns() -%} {{ return(["all", "deprivation", "ethnicity", "age", "sex"]) }} {%- endmacro %}

{# The levels for which mart_coverage says whether an indicator exists. #}
{% macro coverage_levels() -%} {{ return(["england", "region", "icb", "sub_icb", "trust"]) }} {%- endmacro %}
