"""Census 2021 of the sample in the layout of a Nomis download: TS021 ethnic group and TS007A age, by LSOA 2021.

A blank first line, a preamble, a blank line on either side of the header, texts quoted and numbers not, footer rows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from dagster_project.sample import organisations as org
from dagster_project.sample.files import Published, apportion, open_stream

NOMIS = "https://www.nomisweb.co.uk/output/census/2021"
TS021 = f"{NOMIS}/TS021_ethnic_group_lsoa.csv"
TS007A = f"{NOMIS}/TS007A_age_by_five_year_age_bands_lsoa.csv"
ETHNIC_GROUPS = (
    "Asian, Asian British or Asian Welsh",
    "Black, Black British, Black Welsh, Caribbean or African",
    "Mixed or Multiple ethnic groups",
    "White",
    "Other ethnic group",
)
AGE_BANDS = (
    "Aged 4 years and under",
    *(f"Aged {age} to {age + 4} years" for age in range(5, 85, 5)),
    "Aged 85 years and over",
)
_NOT_ONS = '"Synthetic figures in the layout of a Nomis download: not census data"'
_AREA = '"2021 super output area - lower layer","mnemonic",'
_AGE_WEIGHTS = (5.4, 5.9, 6.0, 5.7, 6.1, 6.6, 7.0, 6.7, 6.3, 6.4, 6.9, 6.7, 5.8, 4.9, 5.0, 3.6, 2.5, 2.4)
_FOOTER = (
    '"","In order to protect against disclosure of personal information, records"',
    '"","would be swapped between areas and counts perturbed by small amounts in"',
    '"","a real download. These figures are synthetic: nothing was swapped, and"',
    '"","nobody is counted."',
    '"",""',
)


def published_files(seed: int, edition: int) -> Published:
    """Give both tables; the editions are the same."""
    units = ('"Population :","All usual residents"', '"Units      :","Persons"')
    ethnic_table = partial(_table, "TS021 - Ethnic group", units, "Total: All usual residents", ETHNIC_GROUPS)
    age_table = partial(_table, "TS007A - Age by five-year age bands", (), "Total", AGE_BANDS)
    return {
        TS021: ethnic_table(seed=seed, weights_of=partial(_ethnic_weights, seed)),
        TS007A: age_table(seed=seed, weights_of=_age_weights),
    }


def population_of(seed: int, lsoa: org.Lsoa) -> int:
    """Give the invented number of residents of an LSOA of 2021, from 1,000 to 2,199."""
    return 1000 + int(1200 * open_stream(seed, "population", lsoa.code).random())


def _table(
    title: str,
    units: Sequence[str],
    total: str,
    groups: Sequence[str],
    *,
    seed: int,
    weights_of: Callable[[org.Lsoa], list[float]],
) -> bytes:
    header = _AREA + ",".join(f'"{name}"' for name in (total, *groups))
    lines = ["", f'"{title}"', _NOT_ONS, *units, '"Date       :","2021"', "", header, ""]
    for lsoa in org.lsoas_2021():
        counts = apportion(population_of(seed, lsoa), weights_of(lsoa))
        lines.append(",".join((f'"{lsoa.name}","{lsoa.code}"', str(sum(counts)), *map(str, counts))))
    lines += ["", "", *(_FOOTER if units else ()), ""]
    return "\n".join([*lines, ""]).encode()


def _ethnic_weights(seed: int, lsoa: org.Lsoa) -> list[float]:
    """Give the five groups' shares: LSOAs in greater need hold more of the groups that are not White."""
    tilt = 0.4 + 1.6 * lsoa.need * open_stream(seed, "ethnicity", lsoa.code).random()
    asian, black, mixed, other = (share * tilt for share in (0.10, 0.05, 0.03, 0.02))
    return [asian, black, mixed, 1 - asian - black - mixed - other, other]


def _age_weights(lsoa: org.Lsoa) -> list[float]:
    """Give the age bands' weights: LSOAs in less need are older."""
    return [weight * (1 + 0.03 * (0.5 - lsoa.need) * band) for band, weight in enumerate(_AGE_WEIGHTS)]
