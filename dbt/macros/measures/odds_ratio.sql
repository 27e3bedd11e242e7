{#
    Association of two yes/no properties in a 2x2 table of counts:

                      outcome    no outcome
        exposed          a           b
        not exposed      c           d

    Why an odds ratio is undefined: NULL where it is defined, else 'missing count', 'count is not a whole number of 0 or
    more' or 'no observations'.
#}
{% macro odds_ratio_reason(a, b, c, d) -%}
    {%- set wanted = [] -%}
    {%- for cell in [a, b, c, d] -%}
        {%- do wanted.append(
            measure_double(cell)
            ~ " >= 0e0 and "
            ~ measure_double(cell)
            ~ " = floor("
            ~ measure_double(cell)
            ~ ") and "
            ~ measure_is_finite(cell)
        ) -%}
    {%- endfor -%}
    case
        when {{ a }} is null or {{ b }} is null or {{ c }} is null or {{ d }} is null
        then 'missing count'
        when not ({{ wanted | join(" and ") }})
        then 'count is not a whole number of 0 or more'
        when {{ measure_odds_total(a, b, c, d) }} = 0e0
        then 'no observations'
    end
{%- endmacro %}

{% macro measure_odds_total(a, b, c, d) -%}
    ({{ measure_double(a) }} + {{ measure_double(b) }} + {{ measure_double(c) }} + {{ measure_double(d) }})
{%- endmacro %}

{#
    Odds ratio with half an observation added to each cell, defined with empty cells too.
    Inputs: a, b, c, d, counts of the table above.
    Units: ratio.
    Method: (a + 0.5)(d + 0.5) / ((b + 0.5)(c + 0.5)).
    Source: Haldane 1956; Anscombe 1956.
    NULL: whenever odds_ratio_reason says why.
#}
{% macro odds_ratio_haldane(a, b, c, d) -%}
    case
        when {{ odds_ratio_reason(a, b, c, d) }} is null
        then
            ({{ measure_double(a) }} + 0.5e0)
            * ({{ measure_double(d) }} + 0.5e0)
            / (({{ measure_double(b) }} + 0.5e0) * ({{ measure_double(c) }} + 0.5e0))
    end
{%- endmacro %}

{#
    Why a limit of Fisher's exact interval is undefined: as odds_ratio_reason, 'fewer than 1 in a row or column' (the
    interval is 0 to infinity), 'more than 5000 observations', confidence_reason or 'not available on this engine'.
#}
{% macro fisher_odds_reason(a, b, c, d, confidence=0.95) -%}
    {%- set margins = [] -%}
    {%- for pair in [[a, b], [c, d], [a, c], [b, d]] -%}
        {%- do margins.append(measure_double(pair[0]) ~ " + " ~ measure_double(pair[1]) ~ " = 0e0") -%}
    {%- endfor -%}
    coalesce(
        {{ odds_ratio_reason(a, b, c, d) }},
        case
            when {{ margins | join(" or ") }}
            then 'fewer than 1 in a row or column'
            when {{ measure_odds_total(a, b, c, d) }} > 5000e0
            then 'more than 5000 observations'
        end,
        {{ confidence_reason(confidence) }}
        {%- if not measure_has_fisher() %}, 'not available on this engine' {%- endif %}
    )
{%- endmacro %}

{#
    Lower limit of the odds ratio: Fisher's exact (conditional) interval, the odds ratio at which a or more has the
    probability (1 - confidence) / 2; 0 where a is as small as the margins allow.
    Inputs: a, b, c, d, counts of the table above; confidence (two-sided share, 0.95).
    Units: ratio.
    Method: bisection on the logarithm of the odds ratio of the noncentral hypergeometric distribution (60 halvings of -50
    to 50), its terms added up from their logarithms.
    Source: Fisher 1935; Cornfield 1956; equal to scipy.stats.contingency.odds_ratio(kind="conditional").
    NULL: whenever fisher_odds_reason says why.
#}
{% macro fisher_odds_lower(a, b, c, d, confidence=0.95) -%}
    {{ measure_fisher_limit(a, b, c, d, confidence, "lower") }}
{%- endmacro %}

{#
    Upper limit of the odds ratio: as fisher_odds_lower with a or fewer; infinity where a is as large as the margins
    allow.
#}
{% macro fisher_odds_upper(a, b, c, d, confidence=0.95) -%}
    {{ measure_fisher_limit(a, b, c, d, confidence, "upper") }}
{%- endmacro %}

{% macro measure_fisher_limit(a, b, c, d, confidence, end) -%}
    {{ return(adapter.dispatch("measure_fisher_limit")(a, b, c, d, confidence, end)) }}
{%- endmacro %}

{# Standard SQL has no loop within an expression: NULL there, and fisher_odds_reason says so. #}
{% macro default__measure_fisher_limit(a, b, c, d, confidence, end) -%}
    {{ return("cast(null as double)") }}
{%- endmacro %}

{#
    The tail that the limit is about grows with the odds ratio for the lower end and falls for the upper one, so one
    comparison tells the half in which the limit lies. list_reduce carries the two ends as a list of two; its result is
    narrower than a double can tell.
#}
{% macro duckdb__measure_fisher_limit(a, b, c, d, confidence, end) -%}
    {%- set x = "cast(" ~ a ~ " as bigint)" -%}
    {%- set first = "greatest(0, " ~ x ~ " - cast(" ~ d ~ " as bigint))" -%}
    {%- set last = x ~ " + least(cast(" ~ b ~ " as bigint), cast(" ~ c ~ " as bigint))" -%}
    {%- set middle = "((fisher_ends[1] + fisher_ends[2]) / 2e0)" -%}
    {%- set share = duckdb__measure_fisher_tail([a, b, c, d], [first, x, last], middle, end) -%}
    {%- set tail = "((1e0 - " ~ measure_double(confidence) ~ ") / 2e0)" -%}
    case
        when {{ fisher_odds_reason(a, b, c, d, confidence) }} is not null
        then null
        when {{ x }} = {{ first if end == "lower" else last }}
        then {{ "0e0" if end == "lower" else "cast('infinity' as double)" }}
        else
            exp(
                list_avg(
                    list_reduce(
                        list_prepend([-50e0, 50e0], list_transform(range(0, 60), lambda i:[0e0, 0e0])),
                        lambda fisher_ends,
                        fisher_step: case
                            when {{ share }} {{ ">" if end == "lower" else "<" }} {{ tail }}
                            then [fisher_ends[1], {{ middle }}]
                            else [{{ middle }}, fisher_ends[2]]
                        end
                    )
                )
            )
    end
{%- endmacro %}

{#
    As DuckDB's, with the weights of the counts worked out once: Spark counts a lambda's body again for every element, and
    transform(array(x), name -> ...) is how it gives a value a name.
#}
{% macro spark__measure_fisher_limit(a, b, c, d, confidence, end) -%}
    {%- set cells = [] -%}
    {%- for cell in [a, b, c, d] -%} {%- do cells.append("cast(" ~ cell ~ " as bigint)") -%} {%- endfor -%}
    {%- set first = "greatest(0, " ~ cells[0] ~ " - " ~ cells[3] ~ ")" -%}
    {%- set last = cells[0] ~ " + least(" ~ cells[1] ~ ", " ~ cells[2] ~ ")" -%}
    {%- set middle = "((ends.low + ends.high) / 2e0)" -%}
    {%- set tail = "((1e0 - " ~ measure_double(confidence) ~ ") / 2e0)" -%}
    {%- set share -%}
        get(
            transform(
                array(transform(weights, (w, i) -> w + ({{ first }} + i) * {{ middle }})),
                terms -> get(
                    transform(
                        array(array_max(terms)),
                        largest -> aggregate(
                            transform(
                                terms,
                                (t, i) -> case
                                    when {{ first }} + i {{ ">=" if end == "lower" else "<=" }} {{ cells[0] }}
                                    then exp(t - largest)
                                    else 0e0
                                end
                            ),
                            0e0,
                            (s, t) -> s + t
                        )
                        / aggregate(terms, 0e0, (s, t) -> s + exp(t - largest))
                    ),
                    0
                )
            ),
            0
        )
    {%- endset -%}
    case
        when {{ fisher_odds_reason(a, b, c, d, confidence) }} is not null
        then null
        when {{ cells[0] }} = {{ first if end == "lower" else last }}
        then {{ "0e0" if end == "lower" else "cast('infinity' as double)" }}
        else
            get(
                transform(
                    array(
                        transform(
                            sequence({{ first }}, {{ last }}),
                            k
                            -> - {{ measure_log_gamma("k + 1e0") }}
                            - {{ measure_log_gamma(cells[0] ~ " + " ~ cells[1] ~ " - k + 1e0") }}
                            - {{ measure_log_gamma(cells[0] ~ " + " ~ cells[2] ~ " - k + 1e0") }}
                            - {{ measure_log_gamma(cells[3] ~ " - " ~ cells[0] ~ " + k + 1e0") }}
                        )
                    ),
                    weights -> exp(
                        aggregate(
                            sequence(1, 60),
                            named_struct('low', -50e0, 'high', 50e0),
                            (ends, step) -> case
                                when {{ share }} {{ ">" if end == "lower" else "<" }} {{ tail }}
                                then named_struct('low', ends.low, 'high', {{ middle }})
                                else named_struct('low', {{ middle }}, 'high', ends.high)
                            end,
                            ends -> {{ middle }}
                        )
                    )
                ),
                0
            )
    end
{%- endmacro %}

{#
    Probability of a tail of the noncentral hypergeometric distribution at the logarithm of an odds ratio: of x or more for
    the lower end, of x or fewer for the upper one. span is [smallest, observed, largest] count that the margins allow.
    The largest term is taken out before exp(), so that nothing overflows.
#}
{% macro duckdb__measure_fisher_tail(cells, span, log_odds, end) -%}
    {%- set term -%}
        (
            fisher_k * {{ log_odds }} - lgamma(fisher_k + 1e0)
            - lgamma(cast({{ cells[0] }} as bigint) + cast({{ cells[1] }} as bigint) - fisher_k + 1e0)
            - lgamma(cast({{ cells[0] }} as bigint) + cast({{ cells[2] }} as bigint) - fisher_k + 1e0)
            - lgamma(cast({{ cells[3] }} as bigint) - cast({{ cells[0] }} as bigint) + fisher_k + 1e0)
        )
    {%- endset -%}
    {%- set largest -%}
        list_max(list_transform(range({{ span[0] }}, {{ span[2] }} + 1), lambda fisher_k: {{ term }}))
    {%- endset -%}
    {%- set from = span[1] if end == "lower" else span[0] -%}
    {%- set to = span[2] if end == "lower" else span[1] -%}
    (
        list_sum(
            list_transform(range({{ from }}, {{ to }} + 1), lambda fisher_k:exp({{ term }} - {{ largest }}))
        ) / list_sum(
            list_transform(range({{ span[0] }}, {{ span[2] }} + 1), lambda fisher_k:exp({{ term }} - {{ largest }}))
        )
    )
{%- endmacro %}

{# True where the engine has measure_fisher_limit: decides, at compilation, whether the reason for its absence is needed. #}
{% macro measure_has_fisher() -%} {{ return(adapter.dispatch("measure_has_fisher")()) }} {%- endmacro %}

{% macro default__measure_has_fisher() -%} {{ return(false) }} {%- endmacro %}

{% macro duckdb__measure_has_fisher() -%} {{ return(true) }} {%- endmacro %}

{% macro spark__measure_has_fisher() -%} {{ return(true) }} {%- endmacro %}
