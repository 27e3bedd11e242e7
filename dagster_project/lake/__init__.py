"""The lake: how files come in and become clean tables. Modules follow the way of the data:

transport -> discovery -> snapshots -> (ledger) -> clean. Nothing here knows a single publisher: that is in sources/.
"""
