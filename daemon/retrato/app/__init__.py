"""
The composition root: builds everything from the settings, in the order in which the parts depend on each other.

    address     where the database is: the settings', or an embedded one's
    base        pool, host tables, migrations checked; enough for commands that read and ask
    providers   the image providers on one HTTP client
    daemon      all that draws: chain, pipeline, dispatcher, keeper, listener, and the console
"""
