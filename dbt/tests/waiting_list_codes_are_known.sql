-- WLMDS categories and treatment functions, RTT providers' ICBs and A&E regions that no
-- code list knows, and that would fall out of a sum.
select 'WLMDS category' as what, cells.metric || ' ' || cells.category_code as code
from {{ ref("stg_nhse_wlmds__geography") }} as cells
left join
    {{ ref("waiting_list_groups") }} as groups
    on cells.metric = groups.metric
    and cells.category_code = groups.category_code
where groups.metric is null
union
select 'WLMDS treatment function', cells.treatment_function_name
from {{ ref("stg_nhse_wlmds__specialty") }} as cells
left join
    {{ ref("treatment_functions") }} as treatment_functions
    on cells.treatment_function_name = treatment_functions.wlmds_name
where treatment_functions.wlmds_name is null
union
select 'RTT treatment function', figures.treatment_function_code
from {{ ref("int_waiting_list_rtt_provider") }} as figures
left join
    {{ ref("treatment_functions") }} as treatment_functions
    on figures.treatment_function_code = treatment_functions.treatment_function_code
where treatment_functions.treatment_function_code is null
union
select 'organisation level ' || organisation_level || ' without a code', indicator_id
from {{ ref("fct_indicator_value") }}
where organisation_code is null
