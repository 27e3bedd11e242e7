{# Dimensions whose groups measures over all groups are made of; the rounding of counts by group is read off them too. #}
{% macro inequality_dimensions() -%}
    {{ return(["imd_decile", "imd_quintile", "core20", "ethnic_group", "ethnic_group_5", "ethnic_group_5_2001"]) }}
{%- endmacro %}
