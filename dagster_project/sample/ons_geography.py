"""ONS lookups of the sample: LSOA 2021 to sub-ICB, ICB and district; LSOA 2011 to LSOA 2021 with change codes."""

from __future__ import annotations

from dagster_project.sample import organisations as org
from dagster_project.sample.files import Cell, Published, csv_bytes

PORTAL = "https://geoportal.statistics.gov.uk"
LSOA_2021_TO_ICB = f"{PORTAL}/LSOA_(2021)_to_SICBL_to_ICB_to_Cancer_Alliances_to_LAD_(April_2024)_Lookup_in_EN.csv"
LSOA_2011_TO_2021 = f"{PORTAL}/LSOA_(2011)_to_LSOA_(2021)_to_Local_Authority_District_(2022)_Lookup_for_EW.csv"
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_ICB_HEADER = "LSOA21CD,LSOA21NM,SICBL24CD,SICBL24CDH,SICBL24NM,ICB24CD,ICB24CDH,ICB24NM,LAD24CD,LAD24NM,FID"
_CHANGE_HEADER = "lsoa11_name,lsoa11_code,change_code,lsoa21_name,lsoa21_code,ltla22_name,ltla22_code"


def published_files(seed: int, edition: int) -> Published:
    """Give both lookups; they do not depend on the seed or the edition."""
    rows = [_icb_row(place, lsoa) for place, lsoa in enumerate(org.lsoas_2021(), start=1)]
    changes = [_change_row(change) for change in org.lsoa_changes()]
    return {
        LSOA_2021_TO_ICB: _BYTE_ORDER_MARK + csv_bytes([_ICB_HEADER.split(","), *rows]),
        LSOA_2011_TO_2021: csv_bytes([_CHANGE_HEADER.split(","), *changes], line_end="\n"),
    }


def _icb_row(place: int, lsoa: org.Lsoa) -> list[Cell]:
    sub_icb, icb = lsoa.sub_icb, lsoa.sub_icb.icb
    short = f"NHS {icb.place.title()} ICB - {sub_icb.code} (synthetic)"
    full = f"NHS {icb.place.title()} Integrated Care Board (synthetic)"
    codes: list[Cell] = [lsoa.code, lsoa.name, sub_icb.gss_code, sub_icb.code, short, icb.gss_code, icb.code, full]
    return [*codes, sub_icb.district_code, sub_icb.district, place]


def _change_row(change: org.LsoaChange) -> list[Cell]:
    district = change.new.sub_icb
    codes: list[Cell] = [change.old.name, change.old.code, change.change, change.new.name, change.new.code]
    return [*codes, district.district, district.district_code]
