#!/usr/bin/env bash
# weightipy 0.4.2 (survey weights by raking): its page shows how to take targets out of a census table, keep them as JSON and build the scheme from that
# elsewhere. JSON has text keys only, so the deprivation deciles 1 to 10 (or codes of sex, age, ethnic group) come back as "1" to "10" and match no row of a
# survey that holds numbers. weight_dataframe prints and raises nothing: the variable is left out and keeps its unweighted shares, while the others reach their
# targets, so the table looks weighted, with a high efficiency. validate_scheme_dict, which is there to find this, compares both sides as text and reports
# nothing. Here the most deprived are 10% of the answers and 40% of the people: a smoking rate of 29% is given as 16%. The right value is the rate of each third
# times its people, by hand; the same targets without the way through JSON give it. What helps: make deciles text in both tables, or sum the weights of each group
# after weighting.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --only-binary :all: weightipy==0.4.2 pandas==2.3.3 numpy==2.3.5 scipy==1.16.3 2>/dev/null
"$folder/venv/bin/python" -W ignore - <<'PY'
import json
from importlib.metadata import version

import pandas as pd
import weightipy as wp

print("weightipy", version("weightipy"))
people = {1: 4000, 2: 3000, 3: 3000}
smokers = {1: 5, 2: 6, 3: 5}
answers = {1: 10, 2: 30, 3: 60}
census = pd.DataFrame([(third, sex, count // 2) for third, count in people.items() for sex in "FM"], columns=["third", "sex", "people"])
survey = pd.DataFrame(
    [(third, "FM"[number % 3 > 0], int(number < smokers[third])) for third, count in answers.items() for number in range(count)],
    columns=["third", "sex", "smokes"],
)
right = sum(people[third] * smokers[third] / answers[third] for third in people) / sum(people.values())
plain = sum(smokers.values()) / sum(answers.values())
scheme = wp.scheme_dict_from_df(census, cols_weighting=["third", "sex"], col_freq="people")
seen = {}
for name, targets in {"targets": scheme, "targets through JSON": json.loads(json.dumps(scheme))}.items():
    issues = wp.validate_scheme_dict(survey, targets, raise_error=True)
    weighted = wp.weight_dataframe(survey, wp.scheme_from_dict(targets))
    share = (weighted.groupby("third").weights.sum() / weighted.weights.sum()).round(3).to_dict()
    women = weighted[weighted.sex == "F"].weights.sum() / weighted.weights.sum()
    rate = (weighted.weights * weighted.smokes).sum() / weighted.weights.sum()
    seen[name] = share, round(women, 3), rate, len(issues)
    efficiency = wp.weighting_efficiency(weighted.weights)
    print(f"  {name}: thirds {share}, women {women:.3f}, smokers {rate:.3f}; issues found {len(issues)}, efficiency {efficiency:.0f}")
print(f"  by hand: smokers {right:.3f}, unweighted {plain:.3f}")
assert seen["targets"][0] == {1: 0.4, 2: 0.3, 3: 0.3}
assert all(abs(seen["targets through JSON"][0][third] - count / 100) < 0.01 for third, count in answers.items())
assert all(women == 0.5 and issues == 0 for _, women, _, issues in seen.values())
assert abs(seen["targets"][2] - right) < 0.03 and abs(seen["targets through JSON"][2] - right) > 0.1 and abs(seen["targets through JSON"][2] - plain) < 0.03
PY
