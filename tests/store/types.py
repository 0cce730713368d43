"""A type of an extension's kind, where the servers of the tests come without extensions."""

CITEXT = (
    """
create schema extensions;
create type extensions.citext;
create function extensions.citextin(cstring) returns extensions.citext
    language internal immutable strict as 'textin';
create function extensions.citextout(extensions.citext) returns cstring
    language internal immutable strict as 'textout';
create type extensions.citext (
    input = extensions.citextin, output = extensions.citextout, like = text, category = 'S'
);
create cast (extensions.citext as text) without function as implicit;
create cast (extensions.citext as varchar) without function as implicit;
create cast (text as extensions.citext) without function as assignment;
create function extensions.citext_cmp(extensions.citext, extensions.citext) returns integer
    language sql immutable strict
    as $$ select pg_catalog.bttextcmp(pg_catalog.lower($1::text), pg_catalog.lower($2::text)) $$;
"""
    + "\n".join(
        f"""
create function extensions.citext_{name}(extensions.citext, extensions.citext) returns boolean
    language sql immutable strict as $$ select extensions.citext_cmp($1, $2) {sign} 0 $$;
create operator extensions.{sign} (
    leftarg = extensions.citext, rightarg = extensions.citext, function = extensions.citext_{name}
);
"""
        for name, sign in {"lt": "<", "le": "<=", "eq": "=", "ge": ">=", "gt": ">"}.items()
    )
    + """
create operator class extensions.citext_ops default for type extensions.citext using btree as
    operator 1 extensions.<, operator 2 extensions.<=, operator 3 extensions.=, operator 4 extensions.>=,
    operator 5 extensions.>, function 1 extensions.citext_cmp(extensions.citext, extensions.citext);
"""
)
"""citext as Supabase installs it, in a schema of its own; only superusers create base types."""
