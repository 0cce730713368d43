"""States, faults and answers in plain words; keys of the catalogues."""

from collections.abc import Mapping

from retrato.console.texts import N_

STATES: Mapping[str, str] = {
    "ready": N_("ready"),
    "running": N_("being drawn"),
    "queued": N_("queued"),
    "retrying": N_("will try again"),
    "failed": N_("failed"),
    "missing": N_("no picture"),
    "waiting": N_("not ready"),
}
"""State → how one persona in it is called."""

STATES_OF_MANY: Mapping[str, str] = {
    "ready": N_("ready (several)"),
    "running": N_("being drawn (several)"),
    "queued": N_("queued (several)"),
    "retrying": N_("will try again (several)"),
    "failed": N_("failed (several)"),
    "missing": N_("no picture (several)"),
    "waiting": N_("not ready (several)"),
}
"""The same behind a number."""

ICONS: Mapping[str, str] = {
    "ready": "check",
    "running": "brush",
    "queued": "clock",
    "retrying": "again",
    "failed": "alert",
    "missing": "face",
    "waiting": "pause",
}
"""State → its icon in ``static/icon.svg``."""

STATE_HINTS: Mapping[str, str] = {
    "waiting": N_("Waits for its name, or is inactive."),
    "missing": N_("Nobody has asked for a picture yet."),
}

FAULTS: Mapping[str, str] = {
    "auth": N_("The provider does not accept the key: check the settings."),
    "no_credit": N_("The account at the provider has no money left."),
    "throttled": N_("The provider asked us to slow down."),
    "gone": N_("The provider does not offer this model any more."),
    "bad_request": N_("The provider did not understand the order."),
    "refused": N_("The provider refused to draw this description."),
    "loading": N_("The model was still being loaded."),
    "transient": N_("The provider had a passing fault."),
    "unknown_outcome": N_("No answer came; whether it was drawn is not known."),
    "bad_output": N_("What came back was no usable picture."),
    "storage": N_("The picture could not be stored."),
    "write_back": N_("The application's tables did not take the picture."),
    "poison": N_("Replicas died again and again while they were drawing it."),
    "cancelled": N_("An operator has cancelled it."),
    "unexpected": N_("Something went wrong that nobody foresaw; the log tells more."),
}
"""Class of a fault → what it means to the person who looks."""

RESULTS: Mapping[str, str] = {
    "already_queued": N_("Already queued: everybody who lacks a picture is waiting or being drawn."),
    "already_ready": N_("Already ready: everybody has a picture."),
    "nothing_failed": N_("Nothing has failed."),
    "nobody_ready": N_("Nobody here is ready to be drawn yet."),
    "restored": N_("The old version is back."),
    "unavailable": N_("The database does not answer now. Nothing was ordered; try again in a moment."),
    "locked": N_("The application is changing this just now. Nothing was ordered; try again in a moment."),
    "unknown": N_(
        "The connection broke while the order was written. Look whether it was carried out before you repeat it."
    ),
    "read_only": N_("This console is read-only."),
    "not_found": N_("That does not exist any more."),
    "too_many": N_("That is more than can be ordered at once."),
    "refused": N_("That was not possible. Nothing was ordered."),
}
"""What became of an order → how it is said."""
