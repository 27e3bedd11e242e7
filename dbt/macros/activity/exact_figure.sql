{#
    The columns of a figure whose counts are exact or hidden whole, of all organisations: no bounds, nobody left out, and the edition
    of the Index of Multiple Deprivation behind its groups.
    Inputs: imd_version, none for a source without deprivation; dimension, where the name alone is not clear.
#}
{% macro exact_figure(imd_version=none, dimension="dimension") -%}
    cast(null as double) as numerator_low,
    cast(null as double) as numerator_high,
    0 as organisations_missing,
    {% if imd_version -%}
        case
            when {{ dimension }} in ('imd_decile', 'imd_quintile', 'core20') then '{{ imd_version }}'
        end as imd_version
    {%- else -%} cast(null as string) as imd_version
    {%- endif %}
{%- endmacro %}
