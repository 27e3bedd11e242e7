-- Question: which statements put the measures into the published file, so that an analyst can run them on data of their own?
-- Rendered from the same macros as every figure of the marts, once for each state of this project (transform/dbt.py), not every
-- night: 1.5 MB of text. The release step runs it on the candidate, which it calls `draft`.
{{ published_measure_macros("draft.main") }}
