-- A picture address that only fills the place of a picture.
create or replace function retrato.is_placeholder(url text)
returns boolean
language sql
immutable
set search_path = ''
as $$
    select url is null or btrim(url) = '' or url ~* '(dicebear\.com|ui-avatars\.com|unsplash\.com|temp_)'
$$;
