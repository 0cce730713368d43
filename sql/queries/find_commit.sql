-- What became of a transaction whose COMMIT was not answered: committed, or not; null while nobody can tell.
--
-- After a crash its number may be another one's, if nothing of it had reached the disk: then that it is committed tells
-- nothing. A crash resets the statistics, so the time of their reset is never before it. Who follows may be behind.
--
-- $1 number of the transaction   $2 when it began
select
    case
        when pg_is_in_recovery() then null
        when found.status = 'aborted' then false
        when
            found.status = 'committed'
            and greatest(pg_postmaster_start_time(), pg_stat_get_bgwriter_stat_reset_time()) < $2::timestamptz
            then true
    end as was_committed
from (select pg_xact_status($1::text::xid8) as status) found
