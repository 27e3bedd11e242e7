{# True where some part of a text matches a regular expression; the pattern has no backslash, which Spark's literals eat. #}
{% macro text_matches(text, pattern) -%} {{ return(adapter.dispatch("text_matches")(text, pattern)) }} {%- endmacro %}

{% macro default__text_matches(text, pattern) -%} regexp_like({{ text }}, {{ pattern }}) {%- endmacro %}

{% macro duckdb__text_matches(text, pattern) -%} regexp_matches({{ text }}, {{ pattern }}) {%- endmacro %}

{# Year and month of a date as text: 2026-10. #}
{% macro month_text(day) -%} {{ return(adapter.dispatch("month_text")(day)) }} {%- endmacro %}

{% macro default__month_text(day) -%} date_format({{ day }}, 'yyyy-MM') {%- endmacro %}

{% macro duckdb__month_text(day) -%} strftime({{ day }}, '%Y-%m') {%- endmacro %}

{# One row for each of the texts that a separator divides, in the select list. #}
{% macro each_of(text, separator) -%} {{ return(adapter.dispatch("each_of")(text, separator)) }} {%- endmacro %}

{% macro default__each_of(text, separator) -%} explode(split({{ text }}, '{{ separator }}')) {%- endmacro %}

{% macro duckdb__each_of(text, separator) -%} unnest(split({{ text }}, '{{ separator }}')) {%- endmacro %}

{#
    The words of a text in their order, without blanks, and with one word exactly where a condition holds: '' where none is left.
    Inputs: text, NULL for no words; separator; word; condition, never NULL.
#}
{% macro sorted_words(text, separator, word, condition) -%}
    {{ return(adapter.dispatch("sorted_words")(text, separator, word, condition)) }}
{%- endmacro %}

{% macro default__sorted_words(text, separator, word, condition) -%}
    array_join(
        array_sort(
            concat(
                filter(split(coalesce({{ text }}, ''), '{{ separator }}'), w -> w not in ('', '{{ word }}')),
                case when {{ condition }} then array('{{ word }}') else cast(array() as array<string>) end
            )
        ),
        '{{ separator }}'
    )
{%- endmacro %}

{% macro duckdb__sorted_words(text, separator, word, condition) -%}
    array_to_string(
        list_sort(
            list_filter(split(coalesce({{ text }}, ''), '{{ separator }}'), lambda w:w not in ('', '{{ word }}'))
            || case when {{ condition }} then ['{{ word }}'] else [] end
        ),
        '{{ separator }}'
    )
{%- endmacro %}

{# The letters and digits of a text, without the rest. #}
{% macro letters_and_digits(text) -%} {{ return(adapter.dispatch("letters_and_digits")(text)) }} {%- endmacro %}

{% macro default__letters_and_digits(text) -%} regexp_replace({{ text }}, '[^A-Za-z0-9]', '') {%- endmacro %}

{% macro duckdb__letters_and_digits(text) -%} regexp_replace({{ text }}, '[^A-Za-z0-9]', '', 'g') {%- endmacro %}

{# A whole number as a person reads it: 12,345. #}
{% macro number_text(number) -%} {{ return(adapter.dispatch("number_text")(number)) }} {%- endmacro %}

{% macro default__number_text(number) -%} format_number({{ number }}, 0) {%- endmacro %}

{% macro duckdb__number_text(number) -%} format('{:,}', {{ number }}) {%- endmacro %}

{# A number of 64 bits that stands for a text. Each engine has its own: they are compared within one run only. #}
{% macro text_hash(text) -%} {{ return(adapter.dispatch("text_hash")(text)) }} {%- endmacro %}

{% macro default__text_hash(text) -%} xxhash64({{ text }}) {%- endmacro %}

{% macro duckdb__text_hash(text) -%} hash({{ text }}) {%- endmacro %}
