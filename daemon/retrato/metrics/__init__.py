"""
What this process counts, for ``/metrics``: jobs, calls to providers, the listener, the database's absences.

One `Metrics` with a registry of its own goes from the composition root to all who count. Labels have few, known
values, and these start at 0: never a persona, a company, a URL or the text of an error. Moments are timestamps,
not ages. What is true of the whole database is read on scrape (``store/gauges.py``) and is the same in all
replicas: aggregate it with ``max``, what is counted here with ``sum``. docs/monitoring.md has the list.
"""
