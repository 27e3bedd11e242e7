{#
    Tests of one comparison and of many: p by the likelihood ratio, q by Benjamini and Hochberg.
#}
{#
    Two-sided p value of a standard normal deviate.
    Inputs: z, any finite number; its sign does not matter.
    Method: t exp(-z^2 / 2) times a polynomial in t = 1 / (1 + |z| / 2), a least-squares fit of erfcx(|z| / sqrt 2) / t on
    Chebyshev nodes; the relative error against scipy.stats.norm is below 2e-11 up to z = 37.
    NULL: a missing or infinite z. Beyond 38 the p value is 0 in double precision.
#}
{% macro normal_p_value(z) -%}
    {%- set coefficients = [
        0.6724080048913419,
        0.3314044423149241,
        0.028797360616901635,
        -0.03671835658647326,
        -0.00046960592411427143,
        0.0067248311620902645,
        -0.001951005923963525,
        -0.0007845250354378123,
        0.0008264165013135578,
        -0.00020946778747325454,
        -0.00011271473224044973,
        0.00013446625676087902,
        -5.2952009227214374e-05,
        -1.7733761394211264e-05,
        3.152071684959463e-05,
        -7.0819571103752565e-06,
        -6.154059546494328e-06,
        2.285197432842553e-06,
        2.70122262171292e-07,
    ] -%}
    {%- set size = "abs(" ~ measure_double(z) ~ ")" -%}
    {%- set t = "(1e0 / (1e0 + " ~ size ~ " / 2e0))" -%}
    {%- set polynomial = namespace(text="0e0") -%}
    {%- for coefficient in coefficients | reverse -%}
        {%- set polynomial.text = (
            "(" ~ measure_double(coefficient) ~ " + (2e0 * " ~ t ~ " - 1e0) * " ~ polynomial.text ~ ")"
        ) -%}
    {%- endfor -%}
    case
        when {{ measure_is_finite(z) }}
        then least(1e0, {{ t }} * exp(- power(least({{ size }}, 40e0), 2) / 2e0) * {{ polynomial.text }})
    end
{%- endmacro %}

{#
    Standard error that rounding of both counts to 5 adds to a share or a rate x / n: sqrt(2 cells (1 + (x / n)^2)) / n
    (delta method); 0 where is_rounded is false.
    Inputs: the counts that were rounded (for a share of those without the event: the numerator as published, because n - x
    is not rounded by itself); cells, how many rounded counts were added up to each (a quintile is two deciles).
    Method: rounding to 5 is off by -2 to 2, each as likely, so by a variance of (5^2 - 1) / 12 = 2.
#}
{% macro rounding_error(numerator, denominator, is_rounded, cells=1) -%}
    case
        when {{ is_rounded }}
        then
            sqrt(
                2e0
                * {{ measure_double(cells) }}
                * (1e0 + power({{ measure_double(numerator) }} / nullif({{ measure_double(denominator) }}, 0e0), 2))
            )
            / nullif({{ measure_double(denominator) }}, 0e0)
        else 0e0
    end
{%- endmacro %}

{#
    Deviate of the likelihood ratio test that two shares (or rates) are equal, its sign that of the first minus the
    second: sign(d) sqrt(G^2), G^2 = 2 sum O ln(O / E).
    Inputs: events and people of both; is_share (shares count the people without an event as well, rates do not).
    Source: Wilks 1938. It holds in the tail where counts are small: 10 events where 2 are expected have a one-sided p of
    3e-5 (Poisson, exact: 5e-5), by the usual score test of 1e-8.
    NULL: a missing or negative count, nobody in a group, more events than people where shares are compared.
#}
{% macro likelihood_ratio_deviate(numerator_1, denominator_1, numerator_2, denominator_2, is_share) -%}
    {%- set x1, n1 = measure_double(numerator_1), measure_double(denominator_1) -%}
    {%- set x2, n2 = measure_double(numerator_2), measure_double(denominator_2) -%}
    {%- set events = "(" ~ x1 ~ " + " ~ x2 ~ ")" -%}
    {%- set people = "(" ~ n1 ~ " + " ~ n2 ~ ")" -%}
    {%- set others = "(" ~ people ~ " - " ~ events ~ ")" -%}
    case
        when
            {{ x1 }} >= 0e0
            and {{ x2 }} >= 0e0
            and {{ n1 }} > 0e0
            and {{ n2 }} > 0e0
            and not (({{ is_share }}) and ({{ x1 }} > {{ n1 }} or {{ x2 }} > {{ n2 }}))
        then
            sign({{ x1 }} / {{ n1 }} - {{ x2 }} / {{ n2 }}) * sqrt(
                greatest(
                    0e0,
                    2e0 * (
                        {{ measure_deviance(x1, events, n1, people) }}
                        + {{ measure_deviance(x2, events, n2, people) }}
                        + case
                            when {{ is_share }}
                            then
                                {{ measure_deviance("(" ~ n1 ~ " - " ~ x1 ~ ")", others, n1, people) }}
                                + {{ measure_deviance("(" ~ n2 ~ " - " ~ x2 ~ ")", others, n2, people) }}
                            else 0e0
                        end
                    )
                )
            )
    end
{%- endmacro %}

{#
    A deviate whose standard error also holds another error: the difference over the root of the sum of squares of the standard
    error that the test implies (difference over deviate) and the error.
    Inputs: deviate, the difference that it tests, error (rounding_error, or the root of a sum of squares of several).
    NULL: a missing input.
#}
{% macro deviate_with_error(deviate, difference, error) -%}
    case
        when {{ deviate }} = 0e0
        then 0e0
        else
            {{ measure_double(difference) }}
            / sqrt(power({{ measure_double(difference) }} / {{ deviate }}, 2) + power({{ measure_double(error) }}, 2))
    end
{%- endmacro %}

{#
    The deviate that stands whatever the hidden counts are, of those at both ends of their bounds: the one nearer to 0, and 0 where
    they lie on both sides of it. Its p value is the largest of all that may be, so that it is one of a test too.
    Inputs: least, most: deviates at the ends, equal where nothing is hidden.
    NULL: a missing input.
#}
{% macro deviate_at_least(least, most) -%}
    case
        when {{ least }} >= 0e0 and {{ most }} is not null
        then {{ least }}
        when {{ most }} <= 0e0 and {{ least }} is not null
        then {{ most }}
        when {{ least }} < {{ most }}
        then 0e0
    end
{%- endmacro %}

{#
    Deviate of a measure from its 95% limits: how often the way from the value to none has the limit on that side in it, times 1.96.
    Inputs: value, lower, upper, none (0 for a difference, 1 for a ratio: on the log scale).
    Source: Altman and Bland 2011 (BMJ 343:d2304), taken on the side that decides where limits are not symmetric.
    NULL: a missing value or limit, a limit that is the value, a ratio that is not above 0.
#}
{% macro deviate_from_limits(value, lower, upper, is_ratio) -%}
    {%- set limit -%}
        case when {{ value }} > case when {{ is_ratio }} then 1e0 else 0e0 end then {{ lower }} else {{ upper }} end
    {%- endset -%}
    case
        when {{ value }} = case when {{ is_ratio }} then 1e0 else 0e0 end and {{ lower }} is not null
        then 0e0
        when not ({{ is_ratio }})
        then {{ normal_quantile(0.95) }} * {{ value }} / nullif(abs({{ value }} - ({{ limit }})), 0e0)
        when {{ value }} > 0e0 and ({{ limit }}) > 0e0
        then {{ normal_quantile(0.95) }} * ln({{ value }}) / nullif(abs(ln({{ value }} / ({{ limit }}))), 0e0)
    end
{%- endmacro %}

{# O ln(O / E) with E = whole n / people; 0 where nothing was observed. #}
{% macro measure_deviance(observed, whole, n, people) -%}
    case
        when {{ observed }} > 0e0
        then {{ observed }} * ln({{ observed }} / {{ whole }} * ({{ people }} / {{ n }}))
        else 0e0
    end
{%- endmacro %}

{#
    Benjamini and Hochberg's q of a p value among all rows of the partition that have one: the smallest false discovery
    rate at which the comparison would be called a difference. Two window functions deep: the caller gives the relation
    and gets its rows with q_value.
    Source: Benjamini and Hochberg 1995; equals scipy.stats.false_discovery_control.
#}
{% macro false_discovery(relation, p_value, partition) -%}
    with
        measure_counted as (
            select
                *,
                {{ p_value }}
                * count({{ p_value }}) over (partition by {{ partition }})
                / nullif(
                    count({{ p_value }}) over (partition by {{ partition }} order by {{ p_value }} nulls last), 0
                ) as measure_scaled
            from {{ relation }}
        )
    select
        {{ all_but(["measure_scaled"]) }},
        case
            when {{ p_value }} is not null
            then
                least(
                    1e0, min(measure_scaled) over (partition by {{ partition }} order by {{ p_value }} desc nulls last)
                )
        end as q_value
    from measure_counted
{%- endmacro %}

{#
    How many rounded counts are added up in the count of a group, where deciles and the sixteen ethnic categories are published:
    two in a quintile, two in Core20 and eight in the rest, at most four in an ethnic group of five, ten or eighteen in the whole.
#}
{% macro rounding_cells(dimension, group_code) -%}
    case
        when {{ group_code }} = 'whole'
        then case when {{ dimension }} like 'ethnic%' then 18 else 10 end
        when {{ dimension }} = 'imd_quintile'
        then 2
        when {{ dimension }} = 'core20'
        then case when {{ group_code }} = 'rest' then 8 else 2 end
        when {{ dimension }} in ('ethnic_group_5', 'ethnic_group_5_2001')
        then 4
        else 1
    end
{%- endmacro %}

{#
    A 95% limit of a value that also holds its own error: the half-width and 1.96 times the error are added as squares.
    Inputs: value, limit, error (standard error that is added), scale: identity, log (a ratio or rate; error is relative) or logit (a
    share; error is that of the share), so that limits stay in their range.
    NULL: a missing value or limit; unchanged where the value or the limit is at an end of the scale.
#}
{% macro widened_limit(value, limit, error, scale="identity") -%}
    {%- set z2 = "power(" ~ normal_quantile(0.95) ~ " * " ~ measure_double(error) ~ ", 2)" -%}
    {%- if scale == "identity" -%}
        ({{ value }} + sign({{ limit }} - {{ value }}) * sqrt(power({{ limit }} - {{ value }}, 2) + {{ z2 }}))
    {%- elif scale == "log" -%}
        case
            when {{ value }} > 0e0 and {{ limit }} > 0e0
            then
                {{ value }}
                * exp(sign({{ limit }} - {{ value }}) * sqrt(power(ln({{ limit }} / {{ value }}), 2) + {{ z2 }}))
            else {{ limit }}
        end
    {%- else -%}
        {%- set logit_limit = "ln(" ~ limit ~ " / (1e0 - " ~ limit ~ "))" -%}
        {%- set logit_value = "ln(" ~ value ~ " / (1e0 - " ~ value ~ "))" -%}
        case
            when {{ value }} > 0e0 and {{ value }} < 1e0 and {{ limit }} > 0e0 and {{ limit }} < 1e0
            then
                1e0 / (
                    1e0 + exp(
                        - {{ logit_value }}
                        - sign({{ limit }} - {{ value }})
                        * sqrt(
                            power({{ logit_limit }} - {{ logit_value }}, 2)
                            + {{ z2 }} / power({{ value }} * (1e0 - {{ value }}), 2)
                        )
                    )
                )
            else {{ limit }}
        end
    {%- endif -%}
{%- endmacro %}

{#
    A 95% limit of a share or rate of counts with the error of their rounding in it, on the scale that keeps it in its range.
    Inputs: value, limit, error (rounding_error of the counts), is_share (logit; else a rate, log), the counts.
    NULL: as widened_limit, or a missing count.
#}
{% macro limit_with_rounding(value, limit, error, is_share, numerator, denominator) -%}
    case
        when {{ is_share }}
        then {{ widened_limit(value, limit, error, "logit") }}
        else {{ widened_limit(value, limit, error ~ " * " ~ denominator ~ " / nullif(" ~ numerator ~ ", 0)", "log") }}
    end
{%- endmacro %}

{#
    A 95% limit, `side` lower or upper, of a share (Wilson) with the error of the rounding of its counts, from 0 to 1.
    Inputs: numerator, denominator, error (standard error that rounding adds to the share). The half-widths are added as squares on
    the scale of the share itself, so that 0 of many, which rounding can make of some, has an upper limit that says so.
    NULL: as Wilson, or a missing error.
#}
{% macro share_limit_with_rounding(side, numerator, denominator, error) -%}
    {%- set value = proportion(numerator, denominator) -%}
    {%- set limit = (wilson_lower if side == "lower" else wilson_upper)(numerator, denominator) -%}
    {%- set widened -%}
        {{ value }} {{ "-" if side == "lower" else "+" }} sqrt(
            power({{ limit }} - {{ value }}, 2) + power({{ normal_quantile(0.95) }} * {{ measure_double(error) }}, 2)
        )
    {%- endset -%}
    {#- greatest(0, NULL) is 0: where there is nobody there is no limit -#}
    case
        when {{ widened }} {{ "<" if side == "lower" else ">" }} {{ 0 if side == "lower" else 1 }}e0
        then {{ 0 if side == "lower" else 1 }}e0
        else {{ widened }}
    end
{%- endmacro %}
