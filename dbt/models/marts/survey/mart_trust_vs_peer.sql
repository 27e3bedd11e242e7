-- Grain: trust x option of its newest wave x peer group (its type, all trusts).
-- Question: what does the trust report that its peers do not, and the reverse?
-- Peers are the other trusts of the stratum: the trust itself is taken out of k and
-- base. Fewer peers than the recorded minimum base are refused, and then the contrast
-- is not compared. Peers "do" where half of them or more say so.
with
    newest as (
        {% call kept("max(wave) over (partition by organisation_code) = wave") %}
        select *
        from {{ ref("mart_trust_survey") }}
        where value_status <> 'not_collected'
        {% endcall %}
    ),

    beside_peers as (
        select
            newest.*,
            bench.stratum_type as peer_group_type,
            bench.stratum as peer_group,
            bench.minimum_base,
            bench.n_base - cast(newest.value_status = 'published' as integer) as peers,
            bench.numerator
            - cast(coalesce(newest.selected, false) as integer) as peers_selecting
        from newest
        inner join
            {{ ref("mart_survey_benchmark") }} as bench
            on newest.wave = bench.wave
            and newest.question_code = bench.question_code
            and newest.option_code = bench.option_code
            and bench.source_id = 'own_survey'
            and (
                bench.stratum_type = 'ALL'
                or (
                    bench.stratum_type = 'TRUST_TYPE'
                    and bench.stratum = newest.trust_type
                )
            )
    ),

    judged as (
        select
            *,
            case
                when peers < minimum_base then 'not_available' else 'published'
            end as peer_status
        from beside_peers
    ),

    rated as (
        select
            *,
            case
                when peer_status = 'published'
                then {{ proportion("peers_selecting", "peers", multiplier=100) }}
            end as peer_pct
        from judged
    )

select
    organisation_code,
    organisation_name,
    icb_code,
    icb_name,
    trust_type,
    wave,
    question_code,
    option_code,
    option_label,
    selected,
    peer_group_type as stratum_type,
    peer_group as stratum,
    cast(peers as integer) as n_base,
    cast(
        case when peer_status = 'published' then peers_selecting end as integer
    ) as numerator,
    peer_pct as value,
    'percent' as unit,
    case
        when peer_status = 'published'
        then {{ wilson_lower("peers_selecting", "peers", multiplier=100) }}
    end as ci_lower_95,
    case
        when peer_status = 'published'
        then {{ wilson_upper("peers_selecting", "peers", multiplier=100) }}
    end as ci_upper_95,
    peer_status as value_status,
    case
        when peer_status <> 'published'
        then peers || ' peers are below the minimum base of ' || minimum_base
    end as value_status_reason,
    case
        when selected is null or peer_pct is null
        then 'not_compared'
        when selected and peer_pct < 50
        then 'we_do_most_peers_do_not'
        when not selected and peer_pct >= 50
        then 'most_peers_do_we_do_not'
        when selected
        then 'we_and_most_peers_do'
        else 'we_and_most_peers_do_not'
    end as contrast,
    data_as_of,
    data_origin
from rated
