{#
    The figure of the period before, two columns beside `value`: previous_value and previous_period_end.

    The period before is the one that stands before in the series: previous_period_end says which (of weeks and months that are lacking it
    is the last that is held). Both are NULL where the two share days (rolling twelve months: most of their people are the same), in the
    first period of a series, and after a break (seed series_breaks) or in another edition of the IMD, where no earlier figure is comparable.
    previous_value alone is NULL where that period has no figure: a hidden or missing figure is not skipped in favour of an older one.
    Inputs: figures, the name of a relation with value, period_start and period_end; series, the columns or expressions that name one
    series of comparable figures.
#}
{% macro previous_figure(figures, series) -%}
    {%- set days = [figures ~ ".period_start", figures ~ ".period_end"] -%}
    {%- set earlier = "over (partition by " ~ series | join(", ") ~ " order by " ~ days | join(", ") ~ ")" -%}
    {%- for column, name in {"value": "previous_value", "period_end": "previous_period_end"}.items() %}
        case
            when lag({{ days[1] }}) {{ earlier }} < {{ days[0] }} then lag({{ figures }}.{{ column }}) {{ earlier }}
        end as {{ name }} {{- "," if not loop.last }}
    {%- endfor %}
{%- endmacro %}

{#
    The same two columns for some of the rows of a relation (tables made by part): join_figure_before finds the row before each, and
    figure_before reads it. A series has one row for each period_end. blank: the columns of the series that may be NULL, which is a
    value of its own. Only DuckDB has the join.
#}
{% macro figure_before(figures, earlier) -%}
    {%- for column, name in {"value": "previous_value", "period_end": "previous_period_end"}.items() %}
        case
            when {{ earlier }}.period_end < {{ figures }}.period_start then {{ earlier }}.{{ column }}
        end as {{ name }} {{- "," if not loop.last }}
    {%- endfor %}
{%- endmacro %}

{% macro join_figure_before(figures, relation, earlier, series, blank) -%}
    asof left join
        {{ relation }} as {{ earlier }}
        on {% for column in series -%}
            {%- if column in blank -%}
                coalesce(cast({{ figures }}.{{ column }} as string), '')
                = coalesce(cast({{ earlier }}.{{ column }} as string), '')
            {%- else -%} {{ figures }}.{{ column }} = {{ earlier }}.{{ column }}
            {%- endif %} and
        {% endfor %} {{ figures }}.period_end
        > {{ earlier }}.period_end
{%- endmacro %}
