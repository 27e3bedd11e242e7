-- Grain: indicator x organisation x period x standardisation, current geography.
-- Question: for each clinical area of Core20PLUS5 for adults, how do Core20 and the
-- PLUS groups fare beside the rest, is it getting better, and how far is the target?
-- Crude and standardised figures are separate rows: crude hypertension prevalence
-- reverses the gradient (column caveats).
{{ core20plus5_rows("adults") }}
