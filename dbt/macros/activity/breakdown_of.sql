{#
  The breakdown that a dimension belongs to, in the words of the catalogue of
  indicators: deprivation, ethnicity, age, or the dimension itself.
#}
{% macro breakdown_of(dimension) -%}
    case
        when {{ dimension }} in ('imd_decile', 'imd_quintile', 'core20')
        then 'deprivation'
        when {{ dimension }} like 'ethnic_group%'
        then 'ethnicity'
        when {{ dimension }} = 'age_band'
        then 'age'
        else {{ dimension }}
    end
{%- endmacro %}
