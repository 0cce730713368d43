"""
What the daemon answers over HTTP: probes, pictures, pages, a JSON API and live events.

    server      listens, and puts the parts together
    probes      /healthz and /readyz, on a port of their own where one is set
    pictures    /avatars/{key}
    gate        who may come in: token, login, same origin, headers of every answer
    keyring     the token, its cookie, and how often one may guess
    token_file  the token of a console for which none is set
    own_pages   to which addresses browsers may be sent back
    doorman     around every handler: the gate before it, the headers and the words for errors after it
    hall        what the handlers find once the database is open
    desk        what can be read and ordered; pages and API both ask here
    pages, api  HTML and JSON
    scenes      what the open pages show, cut into pieces that can be exchanged one by one
    live        looks once a second whether anything has changed; events tells it to the open pages
    views       HTML out of the templates, in the words of words and texts

Nothing here draws, and nothing here may slow down those who do: at most two reads at a time, and the look for
changes rests at least four times as long as it took.
"""
