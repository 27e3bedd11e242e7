"""The act of publishing: from a candidate that passed to a release, with what lies beside the marts."""
