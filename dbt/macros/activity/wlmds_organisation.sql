{#
    The organisation of a WLMDS row: England is all sectors, and each sector of England is its own organisation
    (ENG_NHS_ACUTE, ENG_INDEPENDENT_SECTOR, ENG_OTHER), so that trusts can be put beside providers of their own kind.
#}
{% macro wlmds_organisation() -%}
    case
        when organisation_code = 'ENG' and sector <> 'ENGLAND'
        then 'ENG_' || replace(sector, ' ', '_')
        else organisation_code
    end
{%- endmacro %}

{# Its level: england_sector for a sector of England. #}
{% macro wlmds_level() -%}
    case when organisation_code = 'ENG' and sector <> 'ENGLAND' then 'england_sector' else organisation_level end
{%- endmacro %}
