{#
    True where a break in a series (seed series_breaks) concerns an organisation: all, its level or its ODS code is among the
    words of concerns.
#}
{% macro break_concerns(concerns, organisation_level, organisation_code) -%}
    (
        {{ concerns }} = 'all'
        or contains(' ' || {{ concerns }} || ' ', ' ' || {{ organisation_level }} || ' ')
        or contains(' ' || {{ concerns }} || ' ', ' ' || {{ organisation_code }} || ' ')
    )
{%- endmacro %}
