{#
    The collections whose rows a node of the project is made of, by its lineage: a list of codes (WL01, ...), empty where no
    return is above it. Registers (submission, expected) are no collection. `seen` holds what has been visited.
#}
{% macro returns_collections_above(node, seen=none) -%}
    {%- set seen = [] if seen is none else seen -%}
    {%- set found = [] -%}
    {%- for above in graph.nodes[node].depends_on.nodes if above not in seen -%}
        {%- do seen.append(above) -%}
        {%- set parts = above.split(".") -%}
        {%- if parts[0] == "source" and parts[2] == "returns" and parts[3] not in ("submission", "expected") -%}
            {%- do found.append(parts[3] | upper) -%}
        {#- The register asks the totals of WL01 for W05: a mart of the register alone is not made of rows. -#}
        {%- elif above in graph.nodes and parts[-1] != "int_returns__submission" -%}
            {%- do found.extend(returns_collections_above(above, seen)) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(found | unique | sort) }}
{%- endmacro %}
