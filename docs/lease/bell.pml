/*
 * The bell: transactions that queue jobs and ring only when it is needed, dispatchers that sleep.
 *
 * Jobs are all alike, so they are counted. A claim is two steps, because a row that is being claimed is locked for
 * other claims and still there for everybody's questions. The poll is there only to be wrong after it: no property
 * leans on it. Not here: jobs that wait for their time, pauses, the turn of the pace.
 *
 * Each #ifdef takes one rule away; check.py in this folder knows that the property must fail then. ../lease.md tells
 * the protocol in prose.
 */

#ifndef DISPATCHERS
#define DISPATCHERS 2       /* with one permit each */
#endif
#ifndef TRANSACTIONS
#define TRANSACTIONS 2      /* at the same time */
#endif
#ifndef JOBS
#define JOBS 3              /* queued by transactions, in all */
#endif
#ifndef AGAIN
#define AGAIN 1             /* jobs put back into the queue by who had them, or taken over */
#endif
#ifndef FAULTS
#define FAULTS 1            /* dispatchers that stop or die, LISTEN connections that break */
#endif

mtype = { begin, taking, looking, looking_on, begin_again, glancing, asleep, polled, busy, draining, gone };
mtype = { rest, holds_key, has_asked, has_committed };

byte claimable;             /* committed, queued, and nobody holds the row */
byte being_claimed;         /* the same, but a claim holds the row */
byte keys;                  /* shared holders of the bell's advisory lock */
byte orphans;               /* running in the hands of the dead */
byte bells_to_come;         /* committed, and the bell is about to ring */

mtype phase[DISPATCHERS];
bool wake[DISPATCHERS];     /* the event that the listener sets */
bool bell[DISPATCHERS];     /* on its way */
bool deaf[DISPATCHERS];     /* without a LISTEN connection */

byte jobs = JOBS;
byte again = AGAIN;
byte faults = FAULTS;

/* Nothing found: look (jobs, then locks), claim again, and only then sleep. */
#ifdef NO_LOOK
#define after_nothing asleep
#else
#define after_nothing looking
#endif
#ifdef LOOK_LAST
#define finds_some false
#else
#define finds_some (claimable > 0)
#endif

#define is_claimable_there (claimable > 0 || being_claimed > 0)
#define sleeps_on(d) (phase[d] == asleep && !wake[d] && !bell[d] && !deaf[d])
#define lies_unheard (claimable > 0 && bells_to_come == 0)
#ifdef ALL_ASLEEP
/* The weaker promise: where a job waits, somebody who is alive is awake, or about to be woken. */
#define well_heard \
    (!(lies_unheard && (sleeps_on(0) || phase[0] == gone) && (sleeps_on(1) || phase[1] == gone) \
       && !(phase[0] == gone && phase[1] == gone)))
#else
/* Nobody sleeps on beside a waiting job. */
#define well_heard (!(lies_unheard && (sleeps_on(0) || sleeps_on(1))))
#endif

active proctype Observer()
{
    atomic { !well_heard -> assert(well_heard) }
}

inline ring()
{
    for (other : 0 .. DISPATCHERS - 1) { bell[other] = phase[other] != gone && !deaf[other] };
    other = 0
}

/* retrato.enqueue: the lock, then the question. */
proctype Transaction()
{
    byte other;
    bool somebody_will_look;
    do
#ifdef ASK_BEFORE_LOCK
    :: atomic { jobs > 0 -> jobs--; somebody_will_look = is_claimable_there };
       keys++;
#else
    :: atomic { jobs > 0 -> jobs--; keys++ };
       somebody_will_look = is_claimable_there;
#endif
       atomic { claimable++; bells_to_come = (somebody_will_look -> bells_to_come : bells_to_come + 1) };
       keys--;
       atomic {
        if
        :: !somebody_will_look -> bells_to_come--; ring()
        :: else
        fi;
        somebody_will_look = false }
    od
}

/* Back into the queue by who had the job. */
inline put_back(d)
{
    claimable++;
#ifndef QUIET_PUT_BACK
    ring();
#endif
    wake[d] = true
}

proctype Dispatcher(byte d)
{
    byte other;
    bool enqueuing, there;
    do
    :: atomic { phase[d] == begin ->
        wake[d] = false;                    /* before the claim: what rings from now on is not forgotten */
        if
        :: claimable > 0 -> claimable--; being_claimed++; phase[d] = taking
        :: else -> phase[d] = after_nothing
        fi }
    :: atomic { phase[d] == taking -> being_claimed--; phase[d] = busy }
#ifdef TWO_INSTANTS
    :: atomic { phase[d] == looking -> there = is_claimable_there; phase[d] = looking_on }
    :: atomic { phase[d] == looking_on -> enqueuing = keys > 0; phase[d] = begin_again }
#else
    :: atomic { phase[d] == looking ->
        there = is_claimable_there; enqueuing = keys > 0; phase[d] = begin_again }
#endif
    :: atomic { phase[d] == begin_again ->
        if
        :: finds_some -> claimable--; being_claimed++; phase[d] = taking
        :: !finds_some && (there || enqueuing) -> phase[d] = glancing
        :: !finds_some && !(there || enqueuing) -> phase[d] = asleep
        fi;
        there = false; enqueuing = false }
    :: atomic { phase[d] == glancing -> phase[d] = begin }
    :: atomic { phase[d] == asleep && wake[d] -> phase[d] = begin }

    /* Who has slept to the poll without a bell claims once and does not look. */
    :: atomic { phase[d] == asleep && !wake[d] -> phase[d] = polled }
    :: atomic { phase[d] == polled ->
        if
        :: claimable > 0 -> claimable--; being_claimed++; phase[d] = taking
        :: else -> phase[d] = asleep
        fi }

    :: atomic { phase[d] == busy -> phase[d] = begin }                              /* the job is done */
    :: atomic { phase[d] == busy && again > 0 -> again--; put_back(d); phase[d] = begin }
    :: atomic { phase[d] == draining -> wake[d] = false; bell[d] = false; phase[d] = gone }
    :: atomic { phase[d] == draining && again > 0 ->
        again--; put_back(d); wake[d] = false; bell[d] = false; phase[d] = gone }

    :: atomic { orphans > 0 && phase[d] != gone -> orphans--; claimable++; ring(); wake[d] = true } /* takes over */
    :: atomic { bell[d] -> bell[d] = false; wake[d] = true }
    :: atomic { deaf[d] ->
        deaf[d] = false;
#ifndef NO_LOOK_AFTER_RECONNECT
        wake[d] = true
#endif
        }

    :: atomic { faults > 0 && phase[d] == busy -> faults--; phase[d] = draining }   /* intake ends */
    :: atomic { faults > 0 && phase[d] != gone && !deaf[d] -> faults--; deaf[d] = true; bell[d] = false }
    :: atomic { faults > 0 && phase[d] != gone ->                                   /* it dies */
        faults--;
        if
        :: phase[d] == taking -> being_claimed--; orphans++     /* the server ends the statement */
        :: phase[d] == busy || phase[d] == draining -> orphans++
        :: else
        fi;
        phase[d] = gone; wake[d] = false; bell[d] = false; deaf[d] = false; there = false; enqueuing = false }
    od
}

init
{
    byte n;
    atomic {
        for (n : 0 .. DISPATCHERS - 1) { phase[n] = begin; run Dispatcher(n) }
        for (n : 1 .. TRANSACTIONS) { run Transaction() }
    }
}
