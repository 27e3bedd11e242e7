-- Grain: indicator x organisation of today x month. Question: how long do
-- people wait in A&E, and how does that compare with England? Where four-hour waits
-- were not collected the value is NULL, never 100 %; sums say in organisations_missing
-- how many they leave out.
{{
    beside_england(
        ["nhse_ae"], ["target", "target_reading", "organisations_missing"]
    )
}}
