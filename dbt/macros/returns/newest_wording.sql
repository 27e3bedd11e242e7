{#
  A SELECT of the newest wording of a question or an option of the survey, which labels
  all its waves: a row for each `key` (list of columns) of the seed, with its `label`.
#}
{% macro newest_wording(seed, label, key) -%}
    select {{ key | join(", ") }}, {{ value_at_largest(label, "wave_from") }} as {{ label }}
    from {{ ref(seed) }}
    group by {{ key | join(", ") }}
{%- endmacro %}
