"""Two small tables of other publishers: trust catchments by ICB and the European standard population."""

from __future__ import annotations

from dagster_project.sample import organisations as org
from dagster_project.sample.files import Cell, Published, csv_bytes, open_stream

TRUST_CATCHMENT = "https://app.box.com/trust_catchment_icb22.csv"
STANDARD_POPULATION = "https://ec.europa.eu/eurostat/esp_2013.csv"
# The European Standard Population 2013 is a convention, not a measurement: the weights are the same in every estate.
_WEIGHTS = {
    "<1": 1000,
    "1-4": 4000,
    "5-9": 5500,
    "10-14": 5500,
    "15-19": 5500,
    "20-24": 6000,
    "25-29": 6000,
    "30-34": 6500,
    "35-39": 7000,
    "40-44": 7000,
    "45-49": 7000,
    "50-54": 7000,
    "55-59": 6500,
    "60-64": 6000,
    "65-69": 5500,
    "70-74": 5000,
    "75-79": 4000,
    "80-84": 2500,
    "85-89": 1500,
    "90-94": 800,
    "95+": 200,
}


def published_files(seed: int, edition: int) -> Published:
    """Give both tables; the editions are the same."""
    weights: list[list[Cell]] = [[band, weight, weight / 100_000] for band, weight in _WEIGHTS.items()]
    catchment: list[list[Cell]] = [["nhs_trust22_code", "icb22_code", "proportion_trust_came_from_icb"]]
    for trust in org.TRUSTS:
        if trust.kind in org.ACUTE_KINDS and org.open_in(trust, "202204"):
            catchment += [[trust.code, gss_code, share] for gss_code, share in catchment_shares(seed, trust)]
    header: list[Cell] = ["age_band_esp", "esp_weight", "esp_proportion"]
    return {
        TRUST_CATCHMENT: csv_bytes(catchment, line_end="\n"),
        STANDARD_POPULATION: csv_bytes([header, *weights], line_end="\n"),
    }


def catchment_shares(seed: int, trust: org.Provider) -> list[tuple[str, float]]:
    """Give the share of a trust's patients from each ICB (GSS code); the shares add up to 1, the own ICB leads."""
    stream = open_stream(seed, "catchment", trust.code)
    weights = [(20.0 if icb == trust.sub_icb.icb else 0.1) + stream.random() for icb in org.ICBS]
    return [(icb.gss_code, weight / sum(weights)) for icb, weight in zip(org.ICBS, weights, strict=True)]
