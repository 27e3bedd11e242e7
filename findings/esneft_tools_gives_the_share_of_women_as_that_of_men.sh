#!/usr/bin/env bash
# esneft-tools 0.1.4 (NHS England; population, deprivation and GP data of small areas), getLSOAsummary: the column MaleProp, meant as the share of men among
# the residents, adds up everyone who is not male. An area of 90 men and 10 women has 0.1. Near one half no one sees it; areas with a barracks, a prison or a
# care home stand at the wrong end, and a rate adjusted by it is adjusted the wrong way. A second one in the same table: one practice without an
# indicator (not yet reported) makes the mean of every area that has a single patient there missing, by weights that numpy multiplies with a missing value,
# while a practice that is not in the table at all is left out of the mean; so the same gap in the data has two effects. What helps: 1 - MaleProp, and a mean
# over the practices with a value (below).
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --only-binary :all: pandas==2.3.3 numpy==2.3.5 2>/dev/null
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-deps esneft-tools==0.1.4 2>/dev/null
"$folder/venv/bin/python" -W ignore - <<'PY'
import logging
from importlib.metadata import version

import pandas as pd

logging.disable(logging.CRITICAL)
from esneft_tools import process

print("esneft-tools", version("esneft-tools"))
AREAS = {"barracks": (90, 10), "town": (51, 49), "care home": (20, 80)}
index = pd.Index(AREAS, name="LSOA11CD")
population = pd.DataFrame(
    [(area, sex, 40, people) for area, both in AREAS.items() for sex, people in zip(("Male", "Female"), both)],
    columns=["LSOA11CD", "Sex", "Age", "Population"],
)
registered = pd.DataFrame(
    [("barracks", "P1", 99), ("barracks", "P2", 1), ("town", "P1", 100), ("care home", "P1", 99), ("care home", "P3", 1)],
    columns=["LSOA11CD", "OrganisationCode", "Patient"],
)
none = float("nan")
qof = pd.DataFrame(
    {"DM-prevalance": [0.08, none], "QOF-DM": [1.0, 1.0], "DM019-BP": [0.7, 0.7], "DM020-HbA1c": [0.6, 0.6]},
    index=pd.Index(["P1", "P2"], name="OrganisationCode"),
)


def summary():
    """The package's own table of areas."""
    return process.getLSOAsummary(
        postcodeLSOA=None,
        imdLSOA=pd.DataFrame({"LSOA11NM": list(AREAS), "IMD": [10.0, 20.0, 30.0]}, index=index),
        gpRegistration=registered,
        populationLSOA=population,
        ethnicityLSOA=pd.DataFrame({"White": [0.9, 0.8, 0.7]}, index=index),
        areaLSOA=pd.DataFrame({"LandHectare": [10.0, 10.0, 10.0]}, index=index),
        esneftLSOA=[],
        qof=qof,
        bins=3,
    )


found = summary()
people = population.pivot(index="LSOA11CD", columns="Sex", values="Population")
share = people["Male"] / people.sum(axis=1)
reported = registered.join(qof["DM-prevalance"], on="OrganisationCode").dropna()
mean = reported.assign(cases=reported["DM-prevalance"] * reported["Patient"]).groupby("LSOA11CD")[["cases", "Patient"]].sum()
mean = mean["cases"] / mean["Patient"]
for area, (men, women) in AREAS.items():
    print(
        f"  {area}: {men} men, {women} women: MaleProp {found.loc[area, 'MaleProp']:.2f}, men {share[area]:.2f};"
        f" diabetes {found.loc[area, 'DM-prevalance']:.3f}, of practices with a value {mean[area]:.3f}"
    )
    assert abs(found.loc[area, "MaleProp"] - women / (men + women)) < 1e-9
    assert abs(share[area] - men / (men + women)) < 1e-9
assert pd.isna(found.loc["barracks", "DM-prevalance"]) and abs(found.loc["care home", "DM-prevalance"] - 0.08) < 1e-9
assert abs(mean - 0.08).max() < 1e-9
PY
