#!/usr/bin/env bash
# abspc 1.1.0, a port of the rules of NHSRplotthedots: determine_variation_type and show_summary give the icon that says in a board report whether
# a measure improves or is a concern. In NHSRplotthedots, as on the charts of Making Data Count, it is the type of the last point. abspc takes the last point that ever was a
# special cause: one bad month followed by three years without a signal is "concern" for ever, though each of those months is grey in its chart. It then
# asks on which side of the mean that point lies, also where the signal is a trend: waits that fell for six months in a row from far above the mean, still
# above it, are a "concern (high)", while determine_point_colours of the same package paints those points as improvement. Nothing is raised.
# What helps: the icon from the colour of the last point, as below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --only-binary :all: abspc==1.1.0 pandas==2.3.3 numpy==2.3.5 2>/dev/null
"$folder/venv/bin/python" -W ignore - <<'PY'
from importlib.metadata import version

import pandas as pd
from abspc import calculate_control_limits, detect_special_causes, determine_point_colours, determine_variation_type, show_summary
from abspc.spc import COLOUR_COMMON_CAUSE, COLOUR_CONCERN, COLOUR_IMPROVEMENT

print("abspc", version("abspc"))
NAMES = {COLOUR_COMMON_CAUSE: "common cause", COLOUR_CONCERN: "concern", COLOUR_IMPROVEMENT: "improvement"}
quiet = [50, 52, 49, 51, 48, 50, 53, 49, 51, 50, 48, 52]
CASES = (
    ("one bad month, three years since", quiet + [75] + 3 * quiet, "concern_high", "common cause"),
    ("falling for six months, above the mean", quiet + [51, 50, 48, 66, 64, 62, 60, 58, 56], "concern_high", "improvement"),
    ("a bad month, the last", quiet + [75], "concern_high", "concern"),
    ("no signal", quiet, "common_cause", "common cause"),
)
for what, waits, icon, last in CASES:
    table = pd.DataFrame({"value": waits}, dtype=float)
    causes = detect_special_causes(calculate_control_limits(table, chart_type="XmR"))
    found = determine_variation_type(causes, improvement_direction="low")
    colours = determine_point_colours(causes, improvement_direction="low")
    colour = NAMES[colours[-1]]
    signals = causes.index[causes["special_cause"]]
    since = len(waits) - 1 - signals[-1] if len(signals) else None
    summary = show_summary(table, chart_type="XmR", improvement_direction="low")["variation"]
    print(f"  {what}: icon {found}, last point {colour}, months since a signal {since}, summary {summary!r}")
    assert (found, colour) == (icon, last)
    assert ("Concern" in summary) is (icon == "concern_high")
    if what.startswith("one"):
        assert since == 36
    if what.startswith("falling"):
        end = causes.iloc[-1]
        assert end["rule3"] and not end["rule1"] and not end["rule2"] and end["value"] > end["mean"]
        inside = causes.index[causes["rule3"] & ~causes["rule1"]]
        print("    points of the trend within the limits:", [NAMES[colours[one]] for one in inside])
        assert len(inside) > 1 and all(NAMES[colours[one]] == "improvement" for one in inside)
PY
