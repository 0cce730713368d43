"""
What the daemon answers over HTTP: probes, pictures, pages, a JSON API and live events.

    server      listens, and puts the parts together
    probes      /healthz and /readyz, on a port of their own where one is set
    pictures    /avatars/{key}
    gate        who may come in: Host, token, same origin, headers of every answer
    login       the token as a cookie, and how often one may guess
    desk        what can be read and ordered; pages and API both ask here
    pages, api  HTML and JSON
    scenes      what the open pages show, cut into pieces that can be exchanged one by one
    live        looks once a second whether anything has changed, and tells the open pages
    texts       languages, numbers, dates

Nothing here draws, and nothing here may slow down those who do: at most two reads at a time, and the look for
changes rests at least four times as long as it took.
"""
