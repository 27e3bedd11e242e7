"""The two gates: Great Expectations suites from expectations/, run on clean tables (landing) and on the candidate (release).

Not here: the rules themselves (expectations/*.yml) and what follows from a verdict (lake/acceptance.py, release/).
"""
