"""Checks of what is installed in the database, and of who may do what there."""

from retrato.app.doctor.finding import Finding, fail, ok, warn
from retrato.app.doctor.patient import Patient
from retrato.app.trial import example_addresses
from retrato.domain.errors import NotMigratedError
from retrato.store.inspection import Guarded, Stranger
from retrato.store.mapping import FLAG

_SEEN = 4
"""So many names are told before the rest is counted."""


async def check_migrated(patient: Patient) -> list[Finding]:
    """Schema, functions and triggers are this release's, for these tables, or a newer one's that serves it."""
    if patient.database.missing:
        return [fail(one, "run `retrato migrate`") for one in patient.database.missing]
    stands = patient.database.standing
    assert stands is not None
    try:
        stands.require()
    except NotMigratedError as exc:
        return [fail(str(exc))]
    if stands.is_ahead:
        return [
            warn(
                f"a newer release has migrated: {stands}; it serves this release too",
                "bring all replicas to the newer release",
            )
        ]
    return [ok(f"{stands}, beside {patient.host.personas.name} (generation {patient.host.generation})")]


async def check_triggers(patient: Patient) -> list[Finding]:
    """Every trigger is on its table, and fires."""
    missing, disabled = await patient.database.inspection.triggers(patient.host)
    return [
        *[
            fail(f"the trigger {one} is missing: what it should see is lost", "run `retrato migrate`")
            for one in missing
        ],
        *[
            fail(
                f"the trigger {one} is disabled: what it should see is lost",
                f"alter table {one.partition(' on ')[2]} enable trigger {one.partition(' on ')[0]}",
            )
            for one in disabled
        ],
    ] or [ok("all are there and enabled")]


async def check_rights(patient: Patient) -> list[Finding]:
    """The role has what the daemon needs."""
    lacking = await patient.database.inspection.lacking(patient.host)
    if not lacking:
        return [ok("this role may do all that the daemon does")]
    named = "; ".join(map(str, lacking[:_SEEN])) + (f" and {len(lacking) - _SEEN} more" if lacking[_SEEN:] else "")
    role = (await patient.database.inspection.server()).role
    return [
        fail(
            f"the role {role} lacks: {named}",
            f"run what `retrato migrate --roles {role}` prints, as the owner of the tables",
        )
    ]


async def check_writing(patient: Patient) -> list[Finding]:
    """The application's tables take an avatar: one is written into a row that is there, and rolled back."""
    addresses = example_addresses(patient.settings)
    tried = await patient.database.inspection.try_writing(patient.host, addresses)
    if tried.obstacles:
        return [fail(one, "change the table, or name other columns in [host]") for one in tried.obstacles]
    if tried.was_written:
        return [ok("an avatar was written into a row that is there, and rolled back")]
    return [ok("nothing is known against it; no row was there to try it with, or each was in use")]


async def check_row_security(patient: Patient) -> list[Finding]:
    """Row level security hides no persona from the daemon or the triggers."""
    guarded = await patient.database.inspection.guarded(patient.host)
    return [_hidden(one) for one in guarded if one.sees != "all"] or [
        ok("it hides nothing" if guarded else "it holds for nobody here")
    ]


async def check_strangers(patient: Patient) -> list[Finding]:
    """Nobody in particular can start paid work."""
    strangers = await patient.database.inspection.strangers(patient.host)
    return [_open_hand(one, patient.host.personas.name) for one in strangers] or [
        ok("no anonymous role may ask for avatars")
    ]


def _hidden(one: Guarded) -> Finding:
    remedy = (
        f'create policy retrato on {one.table_name} to "{one.role}" using (true) with check (true); what the role '
        "may write is limited by its grants"
    )
    if one.sees == "none":
        words = f"row level security hides all rows of {one.table_name} from {one.who} (role {one.role})"
        return fail(words, remedy)
    words = f"row level security may hide rows of {one.table_name} from {one.who} (role {one.role})"
    return warn(words, remedy)


def _open_hand(one: Stranger, personas: str) -> Finding:
    who = "everybody (public)" if one.role == "public" else one.role
    able = {
        "raise the flag": (one.may_raise_the_flag, _without_flag(one.role, personas)),
        "insert personas": (one.may_insert, f"revoke insert on {personas} from {one.role}"),
        "call retrato.request()": (one.may_request, f"revoke usage on schema retrato from {one.role}"),
        f"call {' and '.join(one.wrappers)}": (
            bool(one.wrappers),
            f"revoke execute on function {', '.join(one.wrappers)} from {one.role}",
        ),
    }
    found = {what: remedy for what, (is_able, remedy) in able.items() if is_able}
    return warn(
        f"{who} may {' and '.join(found)}, and each avatar costs money",
        f"{'; '.join(found.values())}; or narrow the policies of row level security. RETRATO_MONTHLY_BUDGET_USD "
        "limits the damage",
    )


def _without_flag(role: str, personas: str) -> str:
    return (
        f"revoke update on {personas} from {role}, then grant update on the columns that it needs, without {FLAG} "
        "(revoking the column alone has no effect beside a grant on the table)"
    )
