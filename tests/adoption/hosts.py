"""
The applications that Retrato moves in with: their tables (``schemas/``), and how each of them goes about its work.

Statements take ``$1`` and ``$2`` as their comments say; keys are texts here, whatever their type is there.
"""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter

from retrato.store.mapping import HostMapping

SCHEMAS = Path(__file__).parent / "schemas"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Host:
    """One application."""

    name: str
    generation: str
    people: str = "personas"
    key: str = "id"
    key_type: str = "uuid"
    insert_company: str = (
        "insert into empresas (codigo, nome) values (gen_random_uuid()::text, $1) returning id::text"
    )
    """``$1`` name."""
    company_type: str = "uuid"
    company_column: str = "empresa_id"
    insert_persona: str
    """``$1`` company, ``$2`` name."""
    name_column: str = "full_name"
    put_url: str
    """Write the address ``$2`` for the persona ``$1``, as whatever drew pictures before did it."""
    note: str
    """Keep a word of the application's own, Rita's approval, beside the avatar of the persona ``$1``."""
    shown: str
    """What pages show of the persona ``$1``: rows ``avatar`` as JSON."""
    optional: Mapping[str, Sequence[str]]
    """Columns that need not be there, by table."""
    duplicate: str | None = None
    """One more row among the avatars for the persona ``$1``, where the table takes it."""
    tables: Sequence[str]

    def __str__(self) -> str:
        return self.name

    @property
    def ddl(self) -> str:
        """What creates the tables."""
        return (SCHEMAS / f"{self.name}.sql").read_text(encoding="utf-8")

    @property
    def mapping(self) -> HostMapping:
        """What ``retrato.toml`` says, nothing where there is none."""
        toml = self.toml
        return TypeAdapter(HostMapping).validate_python(tomllib.loads(toml)["host"]) if toml else HostMapping()

    @property
    def toml(self) -> str:
        """The text of ``retrato.toml``; empty where none is needed."""
        path = SCHEMAS / f"{self.name}.toml"
        return path.read_text(encoding="utf-8") if path.exists() else ""

    @property
    def keeps_metadata(self) -> bool:
        """Whether there is a place for words beside the avatar."""
        return _APPROVED in self.note

    @property
    def keeps_versions(self) -> bool:
        """Whether the table of avatars has a row for every version."""
        return self.generation == "b"

    def where(self, persona: str = "$1") -> str:
        """The condition for one persona."""
        return f'"{self.key}" = {persona}::text::{self.key_type}'


_APPROVED = """'{"aprovado_por": "Rita"}'"""
_A_COMPANY = """
    insert into empresas (codigo, nome, descricao) values (gen_random_uuid()::text, $1, 'teste') returning id::text
"""
_A_PERSONA = """
    insert into personas (persona_code, full_name, role, empresa_id)
    values (gen_random_uuid()::text, $2, 'Analista', $1::text::uuid)
    returning id::text
"""
_A_URL = "insert into personas_avatares (persona_id, avatar_url) values ($1::text::uuid, $2::text)"
_A_NOTE = f"insert into personas_avatares (persona_id, metadados) values ($1::text::uuid, {_APPROVED})"
_OF_AVATARES = "select to_jsonb(pa) as avatar from personas_avatares pa where pa.persona_id = $1::text::uuid"
_DUPLICATE = "insert into personas_avatares (persona_id) values ($1::text::uuid)"
_C_URL = "update personas set avatar_url = $2::text where id = $1::text::uuid"
_C_NOTE = f"update personas set metadata = {_APPROVED} where id = $1::text::uuid"
_C_SHOWN = """
    select coalesce(to_jsonb(pa), '{}') || to_jsonb(p) as avatar
    from personas p
    left join personas_avatares pa on pa.persona_id = p.id
    where p.id = $1::text::uuid
"""
_THREE = ("empresas", "personas", "personas_avatares")

A = Host(
    name="a",
    generation="a",
    insert_company=_A_COMPANY,
    insert_persona=_A_PERSONA,
    put_url=_A_URL,
    note=_A_NOTE,
    shown=_OF_AVATARES,
    optional={
        "personas": (
            "avatar_image_url",
            "avatar_image_prompt",
            "avatar_image_generated_at",
            "system_prompt",
            "descricao_fisica",
            "status",
            "genero",
            "created_at",
        ),
        "personas_avatares": (
            "metadados",
            "ativo",
            "servico_usado",
            "versao",
            "biometrics",
            "prompt_usado",
            "prompt_image",
            "avatar_thumbnail_url",
            "avatar_local_path",
            "avatar_thumbnail_local_path",
        ),
    },
    tables=_THREE,
)
A_OLD = Host(
    name="a_old",
    generation="a",
    insert_company=_A_COMPANY,
    insert_persona=_A_PERSONA,
    put_url=_A_URL,
    note=_A_NOTE,
    shown=_OF_AVATARES,
    optional={
        "personas": ("system_prompt",),
        "personas_avatares": (
            "metadados",
            "servico_usado",
        ),
    },
    duplicate=_DUPLICATE,
    tables=_THREE,
)
B = Host(
    name="b",
    generation="b",
    key_type="bigint",
    company_type="bigint",
    insert_persona="""
        insert into personas (persona_code, full_name, role, empresa_id)
        values (gen_random_uuid()::text, $2, 'Analista', $1::text::bigint)
        returning id::text
    """,
    put_url="""
        insert into avatares_personas (persona_id, avatar_url, prompt_usado)
        values ($1::text::bigint, $2::text, '-')
    """,
    note=f"""
        insert into avatares_personas (persona_id, avatar_url, prompt_usado, metadados)
        values ($1::text::bigint, 'https://ui-avatars.com/api/?name=Ana', 'Ana at her desk', {_APPROVED})
    """,
    shown="""
        select to_jsonb(av) as avatar from avatares_personas av
        where av.persona_id = $1::text::bigint and av.ativo
    """,
    optional={
        "personas": (
            "system_prompt",
            "status",
        ),
        "avatares_personas": (
            "metadados",
            "servico_usado",
            "versao",
            "avatar_thumbnail_url",
        ),
    },
    duplicate="""
        insert into avatares_personas (persona_id, avatar_url, prompt_usado)
        values ($1::text::bigint, 'https://ui-avatars.com/api/?name=Ana', 'Ana at her desk')
    """,
    tables=("empresas", "personas", "avatares_personas"),
)
C = Host(
    name="c",
    generation="c",
    insert_persona="""
        insert into personas (full_name, nome, cargo, tipo, avatar_url, empresa_id)
        values (
            $2::text, $2::text, 'Analista', 'virtual_assistant',
            'https://api.dicebear.com/7.x/avataaars/svg?seed=' || $2::text, $1::text::uuid
        )
        returning id::text
    """,
    put_url=_C_URL,
    note=_C_NOTE,
    shown=_C_SHOWN,
    optional={
        "personas": (
            "metadata",
            "status",
            "gender",
        ),
        "personas_avatares": (
            "prompt_image",
            "avatar_local_path",
            "avatar_thumb_path",
            "avatar_service",
            "avatar_seed",
            "generated_at",
        ),
    },
    duplicate=_DUPLICATE,
    tables=_THREE,
)
C_INIT = Host(
    name="c_init",
    generation="c",
    insert_persona="""
        insert into personas (nome, tipo, avatar_url, empresa_id)
        values ($2, 'virtual_assistant', 'https://images.unsplash.com/1', $1::text::uuid)
        returning id::text
    """,
    name_column="nome",
    put_url=_C_URL,
    note=_C_NOTE,
    shown=_C_SHOWN,
    optional={
        "personas": (
            "metadata",
            "cargo",
            "status",
        ),
        "personas_avatares": (
            "avatar_thumb_path",
            "prompt_usado",
        ),
    },
    duplicate=_DUPLICATE,
    tables=_THREE,
)
SINGLE = Host(
    name="single",
    generation="single",
    key_type="text",
    company_type="text",
    insert_company="select gen_random_uuid()::text || substr($1::text, 1, 0)",
    insert_persona="""
        insert into personas (name, job_title, empresa_id)
        values ($2, 'Analyst', $1::text)
        returning id
    """,
    name_column="name",
    put_url="update personas set avatar_url = $2::text where id = $1::text",
    note=f"update personas set avatar_metadata = {_APPROVED} where id = $1::text",
    shown="select to_jsonb(p) as avatar from personas p where p.id = $1::text",
    optional={
        "personas": (
            "avatar_metadata",
            "status",
            "created_at",
            "gender",
        ),
    },
    tables=("personas",),
)
CRM = Host(
    name="crm",
    generation="c",
    people='"Sales CRM".people',
    key="person_no",
    key_type="bigint",
    insert_company='insert into "Sales CRM".accounts (name) values ($1) returning id::text',
    company_type="bigint",
    company_column="account_no",
    insert_persona="""
        insert into "Sales CRM".people ("Display Name", account_no)
        values ($2, $1::text::bigint)
        returning person_no::text
    """,
    name_column="Display Name",
    put_url='update "Sales CRM".people set photo = $2::text where person_no = $1::text::bigint',
    note=f'update "Sales CRM".people set "order" = {_APPROVED} where person_no = $1::text::bigint',
    shown="""
        select
            coalesce(to_jsonb(f), '{}') || to_jsonb(p)
            || jsonb_build_object('avatar_url', p.photo, 'metadata', p."order") as avatar
        from "Sales CRM".people p
        left join "Sales CRM".faces f on f.owner_no = p.person_no
        where p.person_no = $1::text::bigint
    """,
    optional={
        '"Sales CRM".people': ("title",),
    },
    duplicate='insert into "Sales CRM".faces (owner_no) values ($1::text::bigint)',
    tables=('"Sales CRM".accounts', '"Sales CRM".people', '"Sales CRM".faces'),
)

# Foreign schemas, written from what public repositories have.
CHARACTERS = Host(
    name="characters",
    generation="single",
    people="characters",
    insert_company="insert into users (email) values (gen_random_uuid()::text || $1::text) returning id::text",
    company_column="created_by",
    insert_persona="""
        insert into characters (name, description, created_by)
        values ($2, 'A ship captain with a red beard', $1::text::uuid)
        returning id::text
    """,
    name_column="name",
    put_url="update characters set image_url = $2::text where id = $1::text::uuid",
    note="update characters set greeting = 'Ahoy' where id = $1::text::uuid",
    shown="""
        select to_jsonb(c) || jsonb_build_object('avatar_url', c.image_url) as avatar
        from characters c where c.id = $1::text::uuid
    """,
    optional={"characters": ("greeting", "is_public")},
    tables=("users", "characters"),
)
PRISMA = Host(
    name="prisma",
    generation="single",
    people='"Persona"',
    key_type="text",
    company_type="text",
    insert_company="""
        insert into "Company" ("id", "name") values (gen_random_uuid()::text, $1) returning "id"
    """,
    company_column='"companyId"',
    insert_persona="""
        insert into "Persona" ("id", "fullName", "companyId", "updatedAt")
        values (gen_random_uuid()::text, $2, $1::text, now()) returning "id"
    """,
    name_column="fullName",
    put_url='update "Persona" set "imageUrl" = $2::text where "id" = $1::text',
    note='update "Persona" set "jobTitle" = \'Analyst\' where "id" = $1::text',
    shown="""
        select to_jsonb(p) || jsonb_build_object('avatar_url', p."imageUrl") as avatar
        from "Persona" p where p."id" = $1::text
    """,
    optional={},
    tables=('"Company"', '"Persona"'),
)
ASSISTANTS = Host(
    name="assistants",
    generation="single",
    insert_company="select gen_random_uuid()::text || substr($1::text, 1, 0)",
    company_column="user_id",
    insert_persona="""
        insert into personas (user_id, name, system_prompt)
        values ($1::text::uuid, $2, 'You are a kind doctor of about forty')
        returning id::text
    """,
    name_column="name",
    put_url="update personas set avatar_url = $2::text where id = $1::text::uuid",
    note=f"update personas set metadata = {_APPROVED} where id = $1::text::uuid",
    shown="select to_jsonb(p) as avatar from personas p where p.id = $1::text::uuid",
    optional={"personas": ("metadata",)},
    tables=("personas",),
)
COMPANIONS = Host(
    name="companions",
    generation="single",
    people='"Companion"',
    key_type="text",
    company_type="text",
    insert_company='insert into "Category" ("name") values ($1) returning "id"',
    company_column='"categoryId"',
    insert_persona="""
        insert into "Companion" (
            "userId", "userName", "src", "name", "description", "instructions", "seed", "updatedAt", "categoryId"
        )
        values ('u', 'Rita', '', $2, 'A chess player', 'You play', 'Human: Hi', now(), $1::text)
        returning "id"
    """,
    name_column="name",
    put_url='update "Companion" set "src" = $2::text where "id" = $1::text',
    note='update "Companion" set "seed" = \'Human: Ahoy\' where "id" = $1::text',
    shown="""
        select to_jsonb(c) || jsonb_build_object('avatar_url', c."src") as avatar
        from "Companion" c where c."id" = $1::text
    """,
    optional={},
    tables=('"Category"', '"Companion"'),
)
ENGLISH = Host(
    name="english",
    generation="single",
    insert_company="insert into companies (name) values ($1) returning id::text",
    company_column="company_id",
    insert_persona="""
        insert into personas (name, title, company_id) values ($2, 'Analyst', $1::text::uuid) returning id::text
    """,
    name_column="name",
    put_url="update personas set avatar_url = $2::text where id = $1::text::uuid",
    note=f"update personas set metadata = {_APPROVED} where id = $1::text::uuid",
    shown="select to_jsonb(p) as avatar from personas p where p.id = $1::text::uuid",
    optional={"personas": ("metadata", "gender", "country", "bio")},
    tables=("companies", "personas"),
)

FOREIGN = (CHARACTERS, PRISMA, ASSISTANTS, COMPANIONS, ENGLISH)
HOSTS = (A, A_OLD, B, C, C_INIT, SINGLE, CRM, *FOREIGN)
