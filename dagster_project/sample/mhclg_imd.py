"""Indices of Deprivation, File 7, of the sample: 2019 on the LSOAs of 2011, 2025 on the LSOAs of 2021.

Ranks run over the sample's own LSOAs. The columns are those of the files in the mirror: 2019 without scores.
"""

from __future__ import annotations

from dagster_project.sample import organisations as org
from dagster_project.sample.files import Cell, Published, csv_bytes

ASSETS = "https://assets.publishing.service.gov.uk"
FILE_7_2019 = (
    f"{ASSETS}/government/uploads/system/uploads/attachment_data/file/845345/"
    "File_7_-_All_IoD2019_Scores__Ranks__Deciles_and_Population_Denominators_3.csv"
)
FILE_7_2025 = (
    f"{ASSETS}/media/68ff5daabcb10f6bf9bef911/File_7_IoD2025_All_Ranks_Scores_Deciles_Population_Denominators.csv"
)
_DOMAINS = (
    ("Index of Multiple Deprivation (IMD)", "Score"),
    ("Income", "Score (rate)"),
    ("Employment", "Score (rate)"),
    ("Education, Skills and Training", "Score"),
    ("Health Deprivation and Disability", "Score"),
    ("Crime", "Score"),
    ("Barriers to Housing and Services", "Score"),
    ("Living Environment", "Score"),
)
_MOST_DEPRIVED_RANK = "Rank (where 1 is most deprived)"
_MOST_DEPRIVED_DECILE = "Decile (where 1 is most deprived 10% of LSOAs)"


def published_files(seed: int, edition: int) -> Published:
    """Give File 7 of 2019 and of 2025; they do not depend on the seed or the edition."""
    return {
        FILE_7_2019: csv_bytes(_file_7(org.lsoas_2011(), lsoa_year=2011, district_year=2019, scores=False, stir=9)),
        FILE_7_2025: csv_bytes(_file_7(org.lsoas_2021(), lsoa_year=2021, district_year=2024, scores=True, stir=0)),
    }


def _file_7(
    lsoas: tuple[org.Lsoa, ...], *, lsoa_year: int, district_year: int, scores: bool, stir: int
) -> list[list[Cell]]:
    columns = [_domain_columns(lsoas, stir + place, scores) for place in range(len(_DOMAINS))]
    rows = [_header(lsoa_year, district_year, scores)]
    for place, lsoa in enumerate(lsoas):
        values = [value for domain in columns for value in domain[place]]
        rows.append([lsoa.code, lsoa.name, lsoa.sub_icb.district_code, lsoa.sub_icb.district, *values])
    return rows


def _header(lsoa_year: int, district_year: int, scores: bool) -> list[Cell]:
    district = f"Local Authority District {{}} ({district_year})"
    header: list[Cell] = [f"LSOA code ({lsoa_year})", f"LSOA name ({lsoa_year})"]
    header += [district.format("code"), district.format("name")]
    for domain, score in _DOMAINS:
        header += [f"{domain} {score}"] if scores else []
        header += [f"{domain} {_MOST_DEPRIVED_RANK}", f"{domain} {_MOST_DEPRIVED_DECILE}"]
    return header


def _domain_columns(lsoas: tuple[org.Lsoa, ...], stir: int, scores: bool) -> list[list[Cell]]:
    ranks = org.imd_ranks(lsoas, stir)
    count = len(lsoas)
    published: list[list[Cell]] = [[rank, org.decile_of(rank, count)] for rank in ranks]
    if not scores:
        return published
    return [[round(80 * (1 - rank / (count + 1)), 3), *cells] for rank, cells in zip(ranks, published, strict=True)]
