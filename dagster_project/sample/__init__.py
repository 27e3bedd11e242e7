"""The synthetic estate: invented organisations and figures, in the publishers' own formats, from one seed.

`estate.py` is the entrance; one module here makes the files of one source. What reads the files lives in `sources/`.
"""
