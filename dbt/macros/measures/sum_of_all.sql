{#
    Sums numbers all of which are known: NULL where one of them is not, so that no part stands for the whole.
    Method: as in_order("sum", ...), by its order.
#}
{% macro sum_of_all(number) -%}
    case when count({{ number }}) = count(*) then {{ in_order("sum", number) }} end
{%- endmacro %}
