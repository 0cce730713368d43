"""
Image providers as they really answer, for the demo, the tests and the benchmarks.

Start at ``server.py`` (``Simulator``), ``scenario.py`` (what the world is like), ``faults/`` (what can go wrong,
by name) and ``ledger.py`` (what happened and what it cost).
"""
