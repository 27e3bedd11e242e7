{#
    Pathways that waited more than `first` and up to `last` + 1 whole weeks, as one expression over the wide columns of the RTT
    extract: weeks_000 holds those that waited up to one week, weeks_017 more than 17 and up to 18, weeks_104 more than 104.
    Within 18 weeks is sum_weeks(0, 17), over 52 weeks sum_weeks(52). The weeks stay wide: twelve months as a long table are
    31 million rows and cost ten to twenty-five times as much.
    NULL: never in clean data, where a blank week is 0.
#}
{% macro sum_weeks(first, last=104) -%}
    (
        {%- for week in range(first, last + 1) -%}
            weeks_{{ "%03d" | format(week) }} {{- " + " if not loop.last }}
        {%- endfor -%}
    )
{%- endmacro %}
