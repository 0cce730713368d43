/*
 * The lease protocol of one persona: an application, N replicas, one Postgres, and what may befall them.
 *
 * Time is not counted. What takes time (a silence of 4 s, a lease of 30 s) is a step that may happen as soon as
 * nothing that would have come earlier can prevent it; the guards say what that is. Each atomic step is one statement
 * or one short transaction; where the order of two statements matters they are two steps. Any step may also be late:
 * nothing forces anybody to act. So a fault that would only delay is left out.
 *
 * Tokens come from a sequence and never come again. Of a token that somebody holds only one thing matters: whether it
 * is the job's. So there are no numbers here, only the holder of the job's token. In the same way `moved` says of a
 * claim that the generation is not any more the one that was claimed.
 *
 * Each #ifdef takes one rule away; check.py in this folder knows which property must fail then. ../lease.md tells the
 * protocol in prose.
 */

#ifndef N
#define N 2                 /* replicas */
#endif
#ifndef RAISES
#define RAISES 2            /* times that the application raises the flag */
#endif
#ifndef TURNS
#define TURNS 2             /* times that the persona becomes unready, or ready again */
#endif
#ifndef FAULTS
#define FAULTS 3            /* failures, of all kinds together */
#endif

#define GONE N              /* owner: a process that has ended; the new one has a new identity */
#define NOBODY (N + 1)
#define APP (N + 2)         /* holds a row: the application */
#define FREE (N + 3)        /* a row that nobody holds */

mtype = { absent, queued, running, failed };                                    /* the job */
mtype = { idle, claimed, drawing, admitted, calling, drawn, writing, asking };  /* a replica */
mtype = { unready, dropping, failing, ending };                                 /* the same */
mtype = { rest, holds_persona, holds_job };                                     /* the application's transaction */
mtype = { nothing, raise_flag, make_unready, make_ready };

/* The persona, as committed. */
bool flag;
bool ready = true;
bool has_picture;
byte persona_lock = FREE;

/* The job, as committed. */
mtype job = queued;
byte job_lock = FREE;
byte owner = NOBODY;        /* replica_id */
bool lease_over;
bool order;                 /* an attempt for this version that has not been brought home */
bool order_moved;           /* its generation is not the job's any more */

/* The owner, as the others see it. */
bool lock;                  /* its session holds its advisory lock */
bool silent;                /* not seen for 4 s */
bool grace;                 /* the server, or the connection of who looks, is younger than 4 s */

/* The replicas. */
byte holder = NOBODY;       /* has the job's token in hand */
mtype phase[N];
bool moved[N];              /* the generation is not the one that was claimed */
bool written[N];            /* retrato.avatars knows its token */
bool stopped[N];
bool cut[N];                /* cannot reach the database */
bool overdue[N];            /* by its own clock, less than 5 s are left of its leases: may_start() is false */
#ifdef ONE_STATEMENT_FINISH
bool moved_before[N];       /* as the snapshot showed it from before the persona's lock */
#endif

/* The application. */
mtype app = rest;
mtype wish = nothing;
byte raises = RAISES;
byte turns = TURNS;

byte faults = FAULTS;

/* Known to the checker alone. */
byte unanswered = 1;        /* requests (the insert, flags that went up) less versions written */
bool picture_answers_all;   /* the current picture was ordered under a claim that knew of all requests */
bool order_answers_all;
bool answers_all[N];
bool away[N];               /* has not beaten since it was stopped or cut off */
bool owes;                  /* the holder was there all the time, and has not beaten since the database is back */

/* ---- Questions ---------------------------------------------------------------------------------------------- */

#define reaches(r) (!stopped[r] && !cut[r])
#ifdef ATTEMPT_NUMBER_AS_TOKEN
#define is_mine(r) (job == running && phase[r] != idle)
#else
#define is_mine(r) (job == running && holder == r)
#endif
#define is_at_work(r) \
    (phase[r] == claimed || phase[r] == drawing || phase[r] == admitted || phase[r] == calling)

/* The sight of a beat that changes something. */
#define beat_matters(r) \
    ((holder == r && (away[r] || overdue[r] || silent || owes || (lease_over && job_lock == FREE))) \
     || (!is_mine(r) && is_at_work(r)))

/* Nobody lengthens the lease: its owner is gone, does not know of it, is away; or an application holds the row. */
#define lease_may_end \
    (owner == GONE || holder != owner || job_lock == APP \
     || (away[owner] && (stopped[owner] || overdue[owner])))

/* Its claim's reply was lost, or it could not hand the job back. */
#ifdef OWN_ORPHANS_STAY
#define is_own_orphan(r) false
#else
#define is_own_orphan(r) (owner == r && holder != r && lease_over)
#endif
#if defined(FREE_LOCK_ALONE)
#define is_orphan(r) (is_own_orphan(r) || (owner != r && !lock))
#elif defined(LEASE_ALONE)
#define is_orphan(r) (is_own_orphan(r) || (owner != r && (lease_over || (silent && !lock))))
#else
#define is_orphan(r) (is_own_orphan(r) || (owner != r && silent && (lease_over || !lock)))
#endif

#if defined(ONE_STATEMENT_FINISH)
#define was_asked_again(r) moved_before[r]
#elif defined(NO_GENERATION)
#define was_asked_again(r) false
#else
#define was_asked_again(r) moved[r]
#endif

/* Idle replicas are all alike: it is always the first of them that claims. */
#if N == 2
#define is_first_idle(r) (r == 0 || phase[0] != idle)
#else
#define is_first_idle(r) (r == 0 || (phase[0] != idle && (r == 1 || phase[1] != idle)))
#endif

/* ---- What must hold ----------------------------------------------------------------------------------------- */

/* A request is answered, or under way, or given up in sight of all; or it waits for the persona to become ready. */
#define no_request_lost (job != absent || picture_answers_all || (!ready && (flag || !has_picture)))
/* A flag that stayed up without a job would swallow the next request: raising it again is no change. */
#define no_flag_left_up (job != absent || !ready || !flag)
/* The application holds the persona and waits for the job, a write-back holds the job and waits for the persona. */
#define no_circle \
    (!(app == holds_persona && wish != make_unready && job_lock < N && persona_lock == APP \
       && phase[job_lock] == writing))
#define at_rest (job == absent || job == failed)

active proctype Observer()
{
    do
    :: atomic { !no_request_lost -> assert(no_request_lost) }
    :: atomic { !no_flag_left_up -> assert(no_flag_left_up) }
    :: atomic { !no_circle -> assert(no_circle) }
    :: timeout -> assert(at_rest); break    /* nothing more can happen: then nothing may be left to do */
    od
}

/* The write of replica r takes effect now. */
inline check_write(r)
{
    assert(holder == r && owner == r);                              /* a zombie writes nothing */
    assert(!written[r]);                                            /* a token writes once */
    assert(unanswered > 0)                                          /* not two versions for one request */
}

/* Replica r is about to pay. */
inline check_call(r)
{
    assert(holder == r);                                            /* a zombie begins no call */
    for (other : 0 .. N - 1) {
        assert(other == r || phase[other] != calling || away[other])    /* no two calls at once */
    }
    other = 0
}

/* The job is taken from its owner: not while that one lives, is connected, and has the job in hand. */
inline check_taking()
{
    assert(owner == GONE || holder != owner || away[owner])
}

/* ---- Statements of the replicas ----------------------------------------------------------------------------- */

inline forget(r)
{
    phase[r] = idle;
    holder = (holder == r -> NOBODY : holder);
    owes = owes && holder != NOBODY; grace = grace && holder != NOBODY;
    moved[r] = false; written[r] = false; answers_all[r] = false;
    stopped[r] = false; cut[r] = false; overdue[r] = false; away[r] = false
}

inline end_claim(state)
{
    job = state; owner = NOBODY; holder = NOBODY;
    lease_over = false; lock = false; silent = false; owes = false; grace = false
}

inline forget_order()
{
    order = false; order_moved = false; order_answers_all = false
}

inline claim(r)
{
    job = running; owner = r; lock = true;
    if
    :: holder = r; phase[r] = claimed; answers_all[r] = true
    :: faults > 0 -> faults--                           /* the reply is lost: it owns the job, and does not know */
    fi
}

/* What is locked is not lengthened, and told as owned all the same. */
inline beat(r)
{
    if
    :: holder == r ->
        silent = false; owes = false; grace = false; away[r] = false; overdue[r] = false;
        lease_over = lease_over && job_lock != FREE
    :: else -> forget(r)
    fi
}

inline look_at_persona(r)
{
    if
    :: !ready -> phase[r] = unready
    :: ready && is_mine(r) && order ->                  /* an earlier claim has begun this version */
        if
        :: phase[r] = drawn;                            /* its picture is to be had */
           answers_all[r] = order_answers_all;
#ifndef ORDER_COUNTS_AS_NEW
           moved[r] = order_moved
#endif
        :: phase[r] = drawing; forget_order()
        fi
    :: ready && !(is_mine(r) && order) -> phase[r] = drawing
    fi
}

/* The attempt is written in the statement that asks for the fence. */
inline begin_attempt(r)
{
    if
#ifdef NO_FENCE_AT_BEGIN
    :: true ->
#else
    :: is_mine(r) ->
#endif
        check_call(r);
        phase[r] = calling; order = true; order_moved = moved[r]; order_answers_all = answers_all[r]
#ifndef NO_FENCE_AT_BEGIN
    :: else -> forget(r)
#endif
    fi
}

/* No picture came; of some calls nobody knows whether one was drawn, and the next claim asks after it. */
inline give_up_call(r)
{
    phase[r] = failing;
    if
    :: is_mine(r) -> forget_order()
    :: true
    fi
}

inline write_back(r)
{
    if
#ifdef NO_FENCE
    :: true ->
#else
    :: is_mine(r) ->
#endif
        check_write(r);
        unanswered--; has_picture = true; picture_answers_all = answers_all[r];
        flag = flag && was_asked_again(r);
#ifdef JOB_ENDS_LATER
        forget_order(); phase[r] = ending
#else
        if
        :: was_asked_again(r) -> end_claim(queued)
        :: else -> end_claim(absent)
        fi;
        forget_order();
        if
        :: forget(r)
        :: faults > 0 -> faults--; phase[r] = drawn; written[r] = true  /* the reply to COMMIT is lost: once more */
        fi
#endif
#ifndef NO_FENCE
    :: else -> phase[r] = asking
#endif
    fi;
    release_rows(r)
}

/* Nothing was written just now. Unless it was before, or a successor may want them, the pictures are removed. */
inline ask_what_became(r)
{
#ifdef NO_LOOK_FOR_TOKEN
    assert(!written[r]);                                /* not the picture that everybody sees */
#endif
    forget(r)
}

inline drop_job(r)
{
    if
#ifdef DROP_UNCHECKED
    :: true -> end_claim(absent); forget_order()
#else
    :: !ready -> end_claim(absent); forget_order()
    :: ready -> end_claim(queued)
#endif
    fi;
    release_rows(r); forget(r)
}

inline retry_job(r)
{
    if
    :: is_mine(r) ->
        if
        :: end_claim(queued)
#ifdef RETRY_IGNORES_GENERATION
        :: true ->
#else
        :: !moved[r] ->
#endif
            assert(answers_all[r]);                     /* only what was tried is given up */
            end_claim(failed)
        fi
    :: else
    fi;
    forget(r)
}

inline release_job(r)
{
    if
    :: reaches(r) && is_mine(r) && job_lock == FREE -> end_claim(queued)
    :: else                                             /* left to its lease, or somebody else's */
    fi;
    forget(r)
}

inline release_rows(who)
{
    persona_lock = (persona_lock == who -> FREE : persona_lock);
    job_lock = (job_lock == who -> FREE : job_lock)
}

/* The transaction of r, if it is in one, is undone; it will be repeated. */
inline roll_back(r)
{
    release_rows(r);
    phase[r] = (phase[r] == writing -> drawn : (phase[r] == dropping -> unready : phase[r]))
}

proctype Replica(byte r)
{
    byte other;
    do
    :: atomic { phase[r] == idle && job == queued && job_lock == FREE && is_first_idle(r) -> claim(r) }
    :: atomic { phase[r] == claimed && reaches(r) -> look_at_persona(r) }
    :: atomic { phase[r] == drawing && !stopped[r] && !overdue[r] -> phase[r] = admitted }
    :: atomic { phase[r] == drawing && !stopped[r] && overdue[r] -> release_job(r) }
    :: atomic { phase[r] == admitted && reaches(r) && job_lock == FREE -> begin_attempt(r) }
    :: atomic { phase[r] == calling && !stopped[r] -> phase[r] = drawn }
    :: atomic { phase[r] == calling && !stopped[r] && faults > 0 -> faults--; give_up_call(r) }
#if defined(ONE_STATEMENT_FINISH)
    :: atomic { phase[r] == drawn && reaches(r) -> moved_before[r] = moved[r]; phase[r] = writing }
    :: atomic { phase[r] == writing && reaches(r) && persona_lock == FREE && job_lock == FREE -> write_back(r) }
#elif defined(JOB_FIRST)
    :: atomic { phase[r] == drawn && reaches(r) && job_lock == FREE -> job_lock = r; phase[r] = writing }
    :: atomic { phase[r] == writing && reaches(r) && persona_lock == FREE -> write_back(r) }
#else
    :: atomic { phase[r] == drawn && reaches(r) && persona_lock == FREE -> persona_lock = r; phase[r] = writing }
    :: atomic { phase[r] == writing && reaches(r) && job_lock == FREE -> write_back(r) }
#endif
#ifdef JOB_ENDS_LATER
    :: atomic { phase[r] == ending && reaches(r) && job_lock == FREE ->
        if
        :: is_mine(r) && moved[r] -> end_claim(queued)
        :: is_mine(r) && !moved[r] -> end_claim(absent)
        :: else
        fi;
        forget(r) }
#endif
    :: atomic { phase[r] == asking && reaches(r) -> ask_what_became(r) }
    :: atomic { phase[r] == unready && reaches(r) && job_lock == FREE ->
        if
        :: is_mine(r) -> job_lock = r; phase[r] = dropping
        :: else -> forget(r)
        fi }
    :: atomic { phase[r] == dropping && reaches(r) -> drop_job(r) }
    :: atomic { phase[r] == failing && reaches(r) && job_lock == FREE -> retry_job(r) }
    :: atomic { (phase[r] == failing || phase[r] == unready) && !stopped[r] && overdue[r] -> forget(r) }
    :: atomic { beat_matters(r) && reaches(r) -> beat(r) }
    :: atomic { job == running && reaches(r) && !grace && job_lock == FREE && is_orphan(r) ->
        check_taking(); end_claim(queued) }
    od
}

/* ---- The application ---------------------------------------------------------------------------------------- */

/* A new wish for a new picture: whatever is under way does not answer it. */
inline ask()
{
    unanswered++; picture_answers_all = false; order_answers_all = false;
    for (r : 0 .. N - 1) { answers_all[r] = false };
    r = 0
}

inline move_generation()
{
    order_moved = order;
    for (r : 0 .. N - 1) { moved[r] = phase[r] != idle };
    r = 0
}

inline enqueue(force)
{
    if
    :: job == absent -> job = queued
    :: job != absent && force -> move_generation(); job = (job == failed -> queued : job)
    :: else
    fi
}

inline commit()
{
    if
    :: wish == raise_flag ->
        flag = true; ask();
        if
        :: ready -> enqueue(true)
#ifndef UNREADY_RAISE_UNCOUNTED
        :: !ready && job == running -> move_generation()
#endif
        :: else                                         /* it waits, with its flag, for the persona to become ready */
        fi
    :: wish == make_unready -> ready = false
    :: wish == make_ready && flag ->
        ready = true;
        if
        :: job != absent -> ask()
        :: else
        fi;
        enqueue(true)
    :: wish == make_ready && !flag ->
        ready = true;
        if
        :: !has_picture -> enqueue(false)
        :: else
        fi
    fi;
    end_transaction()
}

inline end_transaction()
{
    app = rest; wish = nothing; release_rows(APP)
}

/* Its transaction takes the persona's row, then, in the trigger, the job's; and commits. */
proctype Application()
{
    byte r;
    do
    :: atomic { app == rest && persona_lock == FREE && raises > 0 && !flag ->
        raises--; wish = raise_flag; persona_lock = APP; app = holds_persona }
    :: atomic { app == rest && persona_lock == FREE && turns > 0 ->
        turns--; wish = (ready -> make_unready : make_ready); persona_lock = APP; app = holds_persona }
    :: atomic { app == holds_persona && wish != make_unready && job_lock == FREE ->
        job_lock = (job == absent -> FREE : APP); app = holds_job }
    :: atomic { app == holds_persona && wish == make_unready -> app = holds_job }
    :: atomic { app == holds_job -> commit() }
    od
}

/* ---- What befalls them -------------------------------------------------------------------------------------- */

/* The process ends, a new one begins. Where its machine has vanished without a word, the lock stays for a while. */
inline crash(r)
{
    roll_back(r);
    forget(r);
    owner = (owner == r -> GONE : owner)
}

inline be_away(r)
{
    away[r] = true; owes = false; grace = false
}

/* The first steps are failures; the others follow from them in their own time. */
proctype Fate(byte r)
{
    do
    :: atomic { faults > 0 && holder == r && !stopped[r] -> faults--; stopped[r] = true; be_away(r) }
    :: atomic { faults > 0 && holder == r && !cut[r] -> faults--; cut[r] = true; be_away(r); roll_back(r) }
    :: atomic { faults > 0 && owner == r && lock -> faults--; lock = false }        /* LISTEN's connection alone */
    :: atomic { faults > 0 && (is_at_work(r) || phase[r] == drawn) && !stopped[r] ->    /* SIGTERM */
        faults--; release_job(r) }
    :: atomic { faults > 0 && (phase[r] != idle || owner == r) -> faults--; crash(r) }

    :: atomic { stopped[r] -> stopped[r] = false }
    :: atomic { cut[r] -> cut[r] = false }
    :: atomic { stopped[r] && (persona_lock == r || job_lock == r) -> roll_back(r) }    /* idle in transaction */
    :: atomic { away[r] && !overdue[r] -> overdue[r] = true }       /* late, or never: a suspended machine's clock */
    od
}

/* All connections end, all transactions are undone: for less than 4 s, for longer, or for longer than the leases. */
inline go_away()
{
    end_transaction();
    for (r : 0 .. N - 1) { roll_back(r) };
    r = 0;
    lock = false;
    owes = (holder != NOBODY && !away[holder]);
    if
    :: true
    :: silent = (job == running)
    :: silent = (job == running); lease_over = (job == running);
        if
        :: holder != NOBODY -> overdue[holder] = true
        :: else
        fi
    fi
}

proctype Server()
{
    byte r;
    do
    :: atomic { faults > 0 && job == running -> faults--; go_away();        /* it starts anew */
#ifndef NO_GRACE
        grace = owes
#endif
        }
    :: atomic { faults > 0 && job == running -> faults--; go_away();        /* a standby that has long been running */
#ifndef NO_SETTLING
        grace = owes
#endif
        }
    :: atomic { job == running && !lease_over && lease_may_end -> lease_over = true }
    :: atomic { owner == GONE && !silent -> silent = true }
    :: atomic { owner < N && holder == owner && away[owner] && !silent -> silent = true }
    :: atomic { lock && (owner == GONE || (owner < N && holder == owner && !reaches(owner))) -> lock = false }
    :: atomic { !lock && owner < N && (holder != owner || reaches(owner)) -> lock = true }
    od
}

init
{
    byte r;
    atomic {
        for (r : 0 .. N - 1) { phase[r] = idle; run Replica(r); run Fate(r) }
        run Application();
        run Server()
    }
}
