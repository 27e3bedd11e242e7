-- Grain: trust x domain, newest wave of each trust. Question: how mature is the
-- trust's work on inequalities, as it rates itself and as its self-assessment adds up?
-- OVERALL is the survey's question HI_MATURITY (one rating); the five domains and
-- SELF_ASSESSMENT (all 25 items) are shares of the points that the answered items can
-- give, rated by the bands of the seed. A domain with fewer than four of five items
-- answered is not rated. Earlier waves are in mart_trust_survey and
-- mart_self_assessment, so that a rating is never the best of several years. The
-- median of peers (other trusts of the type too, at least ten) is for one's own year.
{%- set fewest_answered, fewest_peers = 0.8, 10 %}
with
    ratings as (
        {% call kept("max(wave) over (partition by organisation_code) = wave") %}
        select
            organisation_code,
            trust_type,
            organisation_name,
            icb_code,
            icb_name,
            wave,
            -- a question with one answer: two would be no rating
            case
                when count(*) filter (where selected) = 1
                then max(option_code) filter (where selected)
            end as rating,
            min(value_status) as value_status,
            max(data_as_of) as data_as_of,
            min(data_origin) as data_origin
        from {{ ref("mart_trust_survey") }}
        where question_code = 'HI_MATURITY' and value_status <> 'not_collected'
        group by
            organisation_code, trust_type, organisation_name, icb_code, icb_name, wave
        {% endcall %}
    ),

    items as (
        {% call kept("max(wave) over (partition by organisation_code) = wave") %}
        select *
        from {{ ref("mart_self_assessment") }}
        {% endcall %}
    ),

    in_domains as (
        select *, domain_code as scored_code, domain_label as scored_label
        from items
        union all
        select *, 'SELF_ASSESSMENT', 'All items of the self-assessment'
        from items
    ),

    scored as (
        select
            organisation_code,
            organisation_name,
            icb_code,
            icb_name,
            trust_type,
            wave,
            scored_code as domain_code,
            scored_label as domain_label,
            sum(score) as points,
            3 * count(score) as points_possible,
            count(score) as items_answered,
            count(*) as items_asked,
            max(data_as_of) as data_as_of,
            min(data_origin) as data_origin
        from in_domains
        group by
            organisation_code,
            organisation_name,
            icb_code,
            icb_name,
            trust_type,
            wave,
            scored_code,
            scored_label
    ),

    shares as (
        select
            *,
            case
                when items_answered >= {{ fewest_answered }} * items_asked
                then 100e0 * points / points_possible
            end as score_pct
        from scored
    ),

    domains as (
        select
            shares.*,
            bands.rating,
            case
                when trust_type <> 'NOT_RECORDED'
                then count(score_pct) over (partition by trust_type, wave, domain_code)
            end as trusts_of_type,
            median(score_pct) over (
                partition by trust_type, wave, domain_code
            ) as median_of_type
        from shares
        left join
            {{ ref("self_assessment_band") }} as bands
            on shares.score_pct >= bands.lowest_pct
            and shares.score_pct < bands.below_pct
    ),

    together as (
        select
            organisation_code,
            organisation_name,
            icb_code,
            icb_name,
            trust_type,
            wave,
            'OVERALL' as domain_code,
            'Board response as the trust rates it' as domain_label,
            'survey' as basis,
            nullif(rating, 'DONT_KNOW') as rating,
            cast(null as integer) as points,
            cast(null as integer) as points_possible,
            cast(null as integer) as items_answered,
            cast(null as integer) as items_asked,
            cast(null as double) as score_pct,
            cast(null as integer) as trusts_of_type,
            cast(null as double) as median_of_type,
            case
                when rating is null or rating = 'DONT_KNOW'
                then 'missing'
                else 'published'
            end as value_status,
            case
                when rating = 'DONT_KNOW'
                then 'the trust does not know'
                when rating is null
                then 'asked and not answered with one rating'
            end as value_status_reason,
            data_as_of,
            data_origin
        from ratings
        union all
        select
            organisation_code,
            organisation_name,
            icb_code,
            icb_name,
            trust_type,
            wave,
            domain_code,
            domain_label,
            'self_assessment',
            rating,
            points,
            points_possible,
            items_answered,
            items_asked,
            score_pct,
            trusts_of_type,
            case when trusts_of_type >= {{ fewest_peers }} then median_of_type end,
            case when score_pct is null then 'missing' else 'published' end,
            case
                when score_pct is null
                then items_answered || ' of ' || items_asked || ' items are answered'
            end,
            data_as_of,
            data_origin
        from domains
    )

select
    together.organisation_code,
    together.organisation_name,
    together.icb_code,
    together.icb_name,
    together.trust_type,
    together.wave,
    together.domain_code,
    together.domain_label,
    together.basis,
    together.rating,
    bands.rating_label,
    cast(together.points as integer) as score,
    cast(together.points_possible as integer) as score_possible,
    together.score_pct,
    cast(together.trusts_of_type as integer) as n_base,
    together.median_of_type,
    together.value_status,
    together.value_status_reason,
    together.data_as_of,
    together.data_origin
from together
left join {{ ref("self_assessment_band") }} as bands on together.rating = bands.rating
