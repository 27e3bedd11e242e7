{#-
    Joins the target by which a figure of everybody is read: that of its indicator and level in its own period, as alias `target`
    (int_indicator_target: target, target_due, target_source, target_statement). A target is of all patients and specialties
    together, so a group or a specialty has none.
    Inputs: figure, the alias of rows of fct_indicator_value; everybody, a condition under which the row is of everybody.
-#}
{%- macro join_target(figure, everybody=none) -%}
    left join
        {{ ref("int_indicator_target") }} as target
        on {% if everybody %} case when {{ everybody }} then {{ figure }}.indicator_id end
        {% else %} {{ figure }}.indicator_id
        {% endif %} = target.indicator_id
        and {{ figure }}.organisation_level = target.organisation_level
        and {{ figure }}.period_end between target.from_date and target.to_date
{%- endmacro -%}

{#- The reading of a figure against the target that join_target found. Inputs: value, period_end and polarity as SQL. -#}
{%- macro target_reading(value, period_end, polarity) -%}
    {{
        reading_of(
            value,
            period_end,
            polarity,
            "target.target_set",
            "target.target_due",
            "target.applies_to",
        )
    }}
{%- endmacro -%}

{#-
    How a figure stands to a target, by the days of the target and the figure's own period, never by the day of the nightly run: `no target`; `lapsed`
    after its last day; `not yet due` before the month in which it is to be met; else `met` or `not met`. NULL where the figure is not known.
    Inputs, all SQL: value, period_end, polarity, target, due (NULL where it is to be met in every period), ends (last day on which it applies).
-#}
{%- macro reading_of(value, period_end, polarity, target, due, ends) -%}
    case
        when {{ target }} is null
        then 'no target'
        when {{ period_end }} > {{ ends }}
        then 'lapsed'
        when {{ period_end }} < date_trunc('month', {{ due }})
        then 'not yet due'
        when {{ value }} is null
        then null
        when
            case
                when {{ polarity }} = 'lower_is_better'
                then {{ value }} <= {{ target }}
                else {{ value }} >= {{ target }}
            end
        then 'met'
        else 'not met'
    end
{%- endmacro -%}
