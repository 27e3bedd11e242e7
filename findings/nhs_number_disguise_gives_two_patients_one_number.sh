#!/usr/bin/env bash
# nhs-number 2.2.0, disguise(number, seed=...): a false number for each NHS number, the same each time, so that tables can be joined after patients are
# disguised. It is drawn at random from 100 million, without a look at those given out: of 60,000 patients some twenty get the number of
# another (the birthday problem), of a region's millions tens of thousands. The random generator is started with number times seed: with seed 0 all patients
# get one number, and seeds 1 and -1 give the same. Nothing is raised. Joined on such a column, records of two patients become one patient's, and counts of
# people come out too low. What helps: keep a table of the numbers given out, or use a keyed permutation or a keyed hash long enough.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --only-binary :all: nhs-number==2.2.0 2>/dev/null
"$folder/venv/bin/python" - <<'PY'
from importlib.metadata import version
from itertools import count, islice

from nhs_number import calculate_checksum, disguise, is_valid

PATIENTS = 60_000
# made of an arithmetic series and the check digit: nobody's in particular
numbers = (f"{first}{calculate_checksum(str(first))}" for first in count(400_000_000, 7) if calculate_checksum(str(first)) < 10)
patients = list(islice(numbers, PATIENTS))
assert len(set(patients)) == PATIENTS and all(map(is_valid, patients[:100]))
print("nhs-number", version("nhs-number"))
false = {seed: [disguise(number, seed=seed) for number in patients] for seed in (1, 2)}
for seed, given in false.items():
    print(f"  seed {seed}: {PATIENTS:,} patients, {len(set(given)):,} false numbers")
    assert 5 < PATIENTS - len(set(given)) < 60
nought = {disguise(number, seed=0) for number in patients[:1000]}
print("  seed 0: 1,000 patients,", len(nought), "false number")
assert len(nought) == 1
assert disguise(patients[0], seed=-1) == disguise(patients[0], seed=1)
PY
