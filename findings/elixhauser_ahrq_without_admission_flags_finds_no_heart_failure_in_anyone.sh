#!/usr/bin/env bash
# elixhauser-ahrq 2026.1.3: comorbidities and a risk score from a patient's diagnosis codes. Whether each diagnosis was present on admission may be given and
# may be left out, as its quick start does and as data without that flag must (English hospital statistics have none). Left out, 18 of the 38 conditions are
# False in every patient: heart failure, both kidney and both liver diseases, stroke, clotting, paralysis. The same package's map_single_code says
# of the same code that it is heart failure. Nothing is raised and nothing is missing, so a ward of very ill patients scores low, risk-adjusted deaths look far too
# many, and by trust it differs with who sends flags. The right list is the publisher's own table in the package: one row per code, the condition marked
# in it. What helps: give "Y" for each diagnosis, or say that these 18 cannot be known; never compare scores with and without the flag.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --only-binary :all: elixhauser-ahrq==2026.1.3 pandas==2.3.3 2>/dev/null
"$folder/venv/bin/python" -W ignore - <<'PY'
from importlib.metadata import version

from elixhauser_ahrq import ElixhauserMapper, ElixhauserScorer

print("elixhauser-ahrq", version("elixhauser-ahrq"))
mapper, scorer = ElixhauserMapper(), ElixhauserScorer(index_type="mortality")
table = mapper.loader.dx_mapping.set_index("ICD-10-CM Diagnosis")
PRINCIPAL, OTHERS = "J189", ["I5020", "N186", "D65", "K7460", "E1122"]
marked = sorted({column for code in OTHERS for column, value in table.loc[code].items() if column in mapper.comorbidity_cols and value == 1})
print("  pneumonia with heart and kidney failure, by the publisher's table:", marked)

found = {}
for name, flags in {"no flags": None, "all flagged Y": ["Y"] * 6}.items():
    patient = mapper.map_patient_diagnoses([PRINCIPAL, *OTHERS], flags)
    found[name] = sorted(condition for condition, present in patient.items() if present)
    score = scorer.calculate_score(patient)
    print(f"  {name}: {found[name]}, mortality score {score}, risk {scorer.stratify_risk(score).value}")
assert found["all flagged Y"] == marked and found["no flags"] == ["DIAB_CX"]
assert mapper.map_single_code("I5020")["HF"]

codes = {column: next(code for code, row in mapper.lookup.items() if row[column]) for column in mapper.comorbidity_cols}
lost = [column for column, code in codes.items() if column not in ("CBVD_POA", "CBVD_SQLA") and not mapper.map_patient_diagnoses([PRINCIPAL, code])[column]]
lost += ["CBVD"] if not mapper.map_patient_diagnoses([PRINCIPAL, codes["CBVD_POA"]])["CBVD"] else []
print(f"  conditions that no patient can have without flags: {len(lost)} of {len(codes) - 1}: {', '.join(lost)}")
assert len(lost) == 18 and {"HF", "RENLFL_SEV", "LIVER_SEV", "CBVD"} <= set(lost)
PY
