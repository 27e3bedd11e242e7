-- Grain: one row. Question: which statements put the measures into the published file,
-- so that an analyst can run them on data of their own? The text is rendered from the
-- same macros as every figure of the marts; the release step runs it on the candidate,
-- which it calls `draft`.
select
    cast(
        $statements${{ published_measure_macros("draft.main") }}$statements$ as varchar
    ) as create_macros
