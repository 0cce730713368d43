"""
The doctor: looks whether everything is as it should be, changes nothing, and never spends money.

    finding     what a check says
    patient     the settings, and the database as far as it can be reached
    checks      all checks, in the order in which they are made
    …           one file for each group of them

It stands in ``app/`` because it looks at what the composition root puts together: settings, store, storage,
providers. The command (``cli/doctor.py``) only prints.
"""
