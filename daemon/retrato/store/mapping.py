"""
Where an application keeps what: its tables, and the columns that may hold each logical field.

Nothing has to be told where the names are among those that are known; ``[host]`` in ``retrato.toml`` tells the
rest. Known are three generations of the host application and a single table (docs/adopting.md):

    a       personas, personas_avatares with metadados
    b       personas, avatares_personas: several rows a persona, one of them ativo
    c       personas with avatar_url, personas_avatares without metadados
    single  personas with avatar_url and avatar_metadata, nothing else
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Literal

from retrato.domain.errors import ConfigError

Preset = Literal["auto", "a", "b", "c", "single"]
ReadyWhen = Literal["name", "prompt"]

_COUNTRY = (
    "pais", "country", "country_name", "pais_nome", "nome_pais", "country_code", "pais_codigo", "codigo_pais",
    "country_iso", "iso_country",
)  # fmt: skip
# Logical field of a persona → columns of its table that may hold it, the first one that is not empty wins; of
# GATHERED
# the first one that tells something.
READ: Mapping[str, Sequence[str]] = {
    "name": ("full_name", "nome", "name", "profile_name", "display_name"),
    "role": ("role", "cargo", "job_title", "title"),
    "department": ("department", "departamento"),
    "specialty": ("specialty",),
    "gender": ("genero", "gender", "sexo"),
    "age": (
        "idade",
        "age",
        "edad",
        "age_range",
        "faixa_etaria",
        "rango_edad",
        "idade_aparente",
        "apparent_age",
    ),
    "birth_date": (
        "data_nascimento",
        "data_de_nascimento",
        "nascimento",
        "birth_date",
        "birthdate",
        "date_of_birth",
        "dob",
        "birthday",
        "fecha_nacimiento",
        "ano_nascimento",
        "birth_year",
        "year_of_birth",
    ),
    "experience_years": ("experiencia_anos",),
    "nationality": ("nacionalidade", "nationality", "nacionalidad"),
    "country": (
        "pais_origem",
        "pais_de_origem",
        "pais_nascimento",
        "pais_origen",
        "country_of_origin",
        "origin_country",
        "birth_country",
        *_COUNTRY,
    ),
    "ethnicity": ("etnia", "ethnicity"),
    "appearance": ("descricao_fisica", "appearance_description", "aparencia"),
    "system_prompt": ("system_prompt",),
    "biometrics": ("biometrics",),
    "physical_appearance": ("physical_appearance",),
    "description": ("description", "descricao", "descripcion", "character_description", "persona_description"),
    "bio": (
        "bio",
        "biografia",
        "biography",
        "biografia_resumida",
        "biografia_completa",
        "about",
        "about_me",
        "sobre",
        "backstory",
        "perfil_profissional",
    ),
    "ready_prompt": ("avatar_prompt", "custom_prompt"),
}
# The same for the table of avatars; a persona's own columns go first.
READ_FROM_AVATARES: Mapping[str, Sequence[str]] = {
    "gender": ("gender",),
    "age": ("age_range",),
    "ethnicity": ("ethnicity",),
    "biometrics": ("biometrics",),
    "physical_appearance": ("physical_appearance",),
    "ready_prompt": ("prompt_image", "prompt_usado"),
}
# What a persona is found by; the first existing column wins.
KEYS: Mapping[str, Sequence[str]] = {
    "id": ("id", "persona_id"),
    "empresa_id": ("empresa_id", "company_id", "organization_id", "organisation_id", "tenant_id"),
    "created_at": ("created_at", "criado_em", "data_criacao"),
}
# What takes a persona out of use; every existing column counts. A status says it by a word or by false, what is
# active by a no, what is deleted by a yes or a time.
INACTIVE: Mapping[str, Sequence[str]] = {
    "status": ("status", "situacao", "estado", "state"),
    "active": (
        *("is_active", "active", "isActive", "ativo", "ativa", "activo", "activa"),
        *("is_enabled", "enabled", "isEnabled", "habilitado", "habilitada"),
    ),
    "deleted": (
        *("deleted_at", "removed_at", "archived_at", "deactivated_at", "disabled_at", "suspended_at"),
        *("deletedAt", "removedAt", "archivedAt", "deactivatedAt", "disabledAt", "suspendedAt"),
        *(
            "excluido_em",
            "deletado_em",
            "removido_em",
            "apagado_em",
            "arquivado_em",
            "desativado_em",
            "inativado_em",
        ),
        *("eliminado_en", "borrado_en", "archivado_en", "desactivado_en", "data_exclusao", "data_desativacao"),
        *("is_deleted", "is_removed", "is_archived", "is_disabled", "is_inactive", "is_suspended"),
        *("isDeleted", "isRemoved", "isArchived", "isDisabled", "isInactive", "isSuspended"),
        *("deleted", "removed", "archived", "disabled", "inactive", "suspended"),
        *("excluido", "excluida", "deletado", "deletada", "removido", "removida", "apagado", "apagada"),
        *("arquivado", "arquivada", "desativado", "desativada", "inativo", "inativa", "suspenso", "suspensa"),
        *("eliminado", "eliminada", "borrado", "borrada", "archivado", "archivada", "inactivo", "inactiva"),
    ),
}
# Where results go; every existing one is written, of those for JSON only the first.
WRITTEN: Mapping[str, Sequence[str]] = {
    "avatar_url": ("avatar_image_url", "avatar_url"),
    "thumbnail_url": ("avatar_thumbnail_url",),
    "prompt": ("avatar_image_prompt",),
    "generated_at": ("avatar_image_generated_at",),
    "metadata": ("avatar_metadata", "metadata"),
}
# The same for the table of companies.
READ_FROM_EMPRESAS: Mapping[str, Sequence[str]] = {
    "name": ("nome", "name"),
    "industry": ("industria", "industry", "setor"),
    "country": _COUNTRY,
}
GATHERED = ("age", "birth_date", "country")
"""Fields whose columns are all read: one of them may hold what tells nothing (*a definir*)."""
# Tables that may hold them; the first one that is there counts.
_PERSONAS = ("personas", "persona")
_EMPRESAS = ("empresas", "empresa", "companies", "company", "organizations", "organisations", "tenants")
FLAG = "regenerate_avatar"

_AVATARES: Mapping[str, Sequence[str]] = {
    "auto": ("personas_avatares", "avatares_personas"),
    "a": ("personas_avatares",),
    "b": ("avatares_personas",),
    "c": ("personas_avatares",),
    "single": (),
}
MANY_ROWS = "avatares_personas"
"""The one known table that keeps several rows a persona, of which one is active."""


@dataclass(frozen=True, slots=True)
class HostMapping:
    """
    What ``[host]`` says. Table names may be qualified (``app.personas``).

    ``columns`` gives a logical field (the keys of READ, KEYS, INACTIVE and WRITTEN) the column of the personas'
    table that holds it, ``avatares_columns`` and ``empresas_columns`` the same for the tables of avatars and of
    companies. An empty name: there is none. ``inactive_words`` are further words of a status that take a persona
    out of use. ``ready_when``, ``regenerate_on_change`` and ``placeholder_pictures`` are the settings of these
    names: the triggers know them.
    """

    # A key that means nothing is a slip of the pen.
    __pydantic_config__: ClassVar[Mapping[str, str]] = {"extra": "forbid"}

    preset: Preset = "auto"
    personas: str | None = None
    empresas: str | None = None
    avatares: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    avatares_columns: Mapping[str, str] = field(default_factory=dict)
    empresas_columns: Mapping[str, str] = field(default_factory=dict)
    inactive_words: Sequence[str] = ()
    ready_when: ReadyWhen = "name"
    regenerate_on_change: bool = False
    placeholder_pictures: Sequence[str] = ()

    def __post_init__(self) -> None:
        known = {*READ, *KEYS, *INACTIVE, *WRITTEN}
        _refuse_unknown("host.columns", self.columns, known)
        _refuse_unknown("host.avatares_columns", self.avatares_columns, {"persona_id", *READ_FROM_AVATARES})
        _refuse_unknown("host.empresas_columns", self.empresas_columns, set(READ_FROM_EMPRESAS))
        if any(not word.strip() or "\0" in word for word in self.inactive_words):
            raise ConfigError("host.inactive_words in retrato.toml: an empty word is no word")

    def personas_tables(self) -> Sequence[str]:
        """Tables of personas that may be there; the first existing one counts."""
        return (self.personas,) if self.personas else _PERSONAS

    def empresas_tables(self) -> Sequence[str]:
        """Tables of companies that may be there, none for an empty name; the first existing one counts."""
        if self.empresas is not None:
            return (self.empresas,) if self.empresas else ()
        return _EMPRESAS

    def avatares_tables(self) -> Sequence[str]:
        """Tables of avatars that may be there; the first existing one counts."""
        if self.avatares is not None:
            return (self.avatares,) if self.avatares else ()
        return _AVATARES[self.preset]

    def candidates(self, field_name: str, known: Mapping[str, Sequence[str]]) -> Sequence[str]:
        """Columns of the personas' table that may hold *field_name*, by *known*: one of the tables above."""
        return _candidates(field_name, self.columns, known)

    def avatares_candidates(self, field_name: str) -> Sequence[str]:
        """The same for the table of avatars."""
        return _candidates(field_name, self.avatares_columns, READ_FROM_AVATARES)

    def empresas_candidates(self, field_name: str) -> Sequence[str]:
        """The same for the table of companies, by READ_FROM_EMPRESAS."""
        return _candidates(field_name, self.empresas_columns, READ_FROM_EMPRESAS)


def _candidates(field_name: str, told: Mapping[str, str], known: Mapping[str, Sequence[str]]) -> Sequence[str]:
    if field_name in told:
        return (told[field_name],) if told[field_name] else ()
    return known.get(field_name, ())


def _refuse_unknown(where: str, told: Mapping[str, str], known: set[str]) -> None:
    unknown = sorted(set(told) - known)
    if unknown:
        raise ConfigError(f"{where} in retrato.toml: no such field: {', '.join(unknown)}")
