"""From a trust's patient-level extract to a valid return, on the trust's own machine."""
