-- The probe of a leg had an answer that was about the prompt: the leg is as it was, and the next call may probe.
-- $1 leg   $2 fingerprint of the account, null = not known
update retrato.legs l
set
    probing_until = null,
    suspended_keys = case
        when l.suspended_keys ? $2::text then l.suspended_keys #- array[$2::text, 'probing']
        else l.suspended_keys
    end
where l.leg = $1::text and (l.probing_until is not null or l.suspended_keys -> $2::text ? 'probing')
