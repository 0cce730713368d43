"""
The settings: environment > ``.env.local`` > ``.env`` > secrets directory > ``retrato.toml``.

Every setting is read here and nowhere else; the parts below take plain values. Secrets never appear in an error.
"""

import os
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AliasChoices, Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import (
    BaseSettings,
    DotEnvSettingsSource,
    EnvSettingsSource,
    InitSettingsSource,
    NestedSecretsSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SecretsSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from retrato.domain.errors import ConfigError
from retrato.domain.redaction import secrets_in_address
from retrato.store.mapping import HostMapping, ReadyWhen

_PREFIX = "RETRATO_"

_SHORTEST_TOKEN = 16

# Settings that the triggers know too; ``[host]`` is no place for them.
_TRIGGERS_KNOW = frozenset({"ready_when", "regenerate_on_change", "placeholder_pictures"})

_SHORTEST_PATTERN = 4
_LONGEST_PATTERN = 200
_OWN_PICTURES = "http://127.0.0.1:3001/avatars/"
# What the addresses of pictures have in common.
_REAL_PICTURES = (
    *(f"https://www.example.com/images/picture.{kind}?" for kind in ("png", "jpg", "jpeg", "webp", "gif", "svg")),
    *("http://images.example.org/photos/", "https://cdn.example.net/uploads/profile/"),
)

Seconds = Annotated[float, Field(ge=0)]
PositiveSeconds = Annotated[float, Field(gt=0)]
CommaSeparated = Annotated[tuple[str, ...], NoDecode]


def _key(*names: str) -> Any:
    """A key under its usual names and under ``RETRATO_…`` of each; ours goes first."""
    return Field(
        default=None,
        validation_alias=AliasChoices(*[f"{_PREFIX}{name}" for name in names], *names),
    )


@dataclass(frozen=True)
class PromptSettings:
    """``[prompts]`` in ``retrato.toml``: the wording for all companies, and by id of those with their own."""

    template: str | None = None
    templates: Mapping[str, str] = field(default_factory=dict)


class Settings(BaseSettings):
    """All settings of this release. Names in capitals with the prefix ``RETRATO_`` are the environment's."""

    model_config = SettingsConfigDict(
        env_prefix=_PREFIX,
        env_file=(".env", ".env.local"),
        env_ignore_empty=True,
        toml_file="retrato.toml",
        extra="ignore",
        frozen=True,
        populate_by_name=True,
        hide_input_in_errors=True,
    )

    database_url: SecretStr | None = None
    """The application's database. None: a Postgres of our own under ``data_dir``, for trying out."""

    listen_database_url: SecretStr | None = None
    """A direct connection for LISTEN, where ``database_url`` goes through a transaction pooler."""

    statement_cache_size: Annotated[int, Field(ge=0)] = 100
    """Prepared statements kept per connection; 0 behind PgBouncer in transaction mode."""

    data_dir: Path = Path(".retrato")
    """Folder for the embedded Postgres, the default picture store and the console's own token."""

    embedded: bool = False
    """Allow the embedded Postgres under systemd and in containers too."""

    providers: CommaSeparated = ("huggingface", "pollinations")
    """Image providers in the order in which they are asked."""

    huggingface_api_key: SecretStr | None = _key("HUGGINGFACE_API_KEY", "HF_TOKEN")
    """Token with the right to call Inference Providers."""

    pollinations_api_key: SecretStr | None = _key("POLLINATIONS_API_KEY")
    """Key of gen.pollinations.ai; without one the slow anonymous host is used."""

    fal_key: SecretStr | None = _key("FAL_KEY")
    """Key of fal.ai."""

    openai_api_key: SecretStr | None = _key("OPENAI_API_KEY")
    """Key of the server at ``openai_base_url``; one of your own may go without."""

    huggingface_model: str = "black-forest-labs/FLUX.1-dev"
    """The model's name on the Hub. Which partners serve it is looked up there."""

    huggingface_endpoint_url: str | None = None
    """A dedicated endpoint, asked before the router."""

    huggingface_endpoint_name: str | None = None
    """Name or pattern (``vc-flux-*``) of the account's dedicated endpoints; those that run are asked first."""

    huggingface_namespace: str | None = None
    """User or organisation whose endpoints are meant; default the key's owner."""

    huggingface_bill_to: str | None = None
    """Organisation that pays for calls through the router."""

    fal_model: str = "fal-ai/flux/dev"
    """The application's id at fal.ai."""

    openai_model: str = "gpt-image-2"
    """The model's name at ``openai_base_url``."""

    openai_options: SecretStr | None = None
    """JSON object: how this server's dialect differs from the preset that its host name selects."""

    huggingface_router_url: str = "https://router.huggingface.co"
    """Base URL of the inference router."""

    huggingface_hub_url: str = "https://huggingface.co"
    """Base URL of the Hub, where the mapping of models to providers is looked up."""

    pollinations_url: str = "https://gen.pollinations.ai"
    """Base URL of the API that takes a key."""

    pollinations_legacy_url: str = "https://image.pollinations.ai"
    """Base URL of the anonymous host."""

    huggingface_endpoints_api_url: str = "https://api.endpoints.huggingface.cloud"
    """Base URL of the API that tells the account's endpoints."""

    fal_queue_url: str = "https://queue.fal.run"
    """Base URL of fal's queue."""

    fal_run_url: str = "https://fal.run"
    """Base URL of fal's synchronous route, asked when the queue fails."""

    openai_base_url: str = "https://api.openai.com/v1"
    """Base URL of the OpenAI-compatible server, with its ``/v1``."""

    result_hosts: CommaSeparated = ()
    """``host[:port]`` entries from which pictures may be downloaded although private or plain http."""

    pace_seconds: Seconds = 5
    """Least time between the starts of two personas, over all replicas; 0 = no pace."""

    concurrency: Annotated[int, Field(ge=1)] = 4
    """Personas in work at once, per replica."""

    request_timeout_seconds: PositiveSeconds = 60
    """Longest time for one call to a provider."""

    retry_waits_seconds: Annotated[tuple[float, ...], NoDecode] = (3, 6, 12)
    """Waits before the second, third … call on the same leg, for errors that may pass."""

    job_deadline_seconds: PositiveSeconds = 600
    """Longest time for the whole chain of one persona; then the job goes back to the queue."""

    refusal_policy: Literal["stop", "next"] = "stop"
    """What follows when a provider refuses a prompt: stop, or ask the next provider."""

    monthly_budget_usd: Annotated[float, Field(ge=0)] | None = None
    """What all replicas together may spend in a calendar month (UTC); None = no limit."""

    lease_seconds: Annotated[float, Field(ge=10)] = 30
    """How long a silent replica keeps its jobs where its lock tells nothing."""

    poll_seconds: PositiveSeconds = 15
    """Longest sleep of an idle replica: the promise behind the hint."""

    grace_seconds: Seconds = 120
    """Time that work in hand gets after a request to stop."""

    max_job_attempts: Annotated[int, Field(ge=1)] = 5
    """Failed runs of a whole job after which it is failed."""

    ready_when: ReadyWhen = "name"
    """When a persona may be drawn: as soon as it has a name, or when the application has written its prompt."""

    regenerate_on_change: bool = False
    """Draw a new picture when what the persona's row says of it has changed."""

    sweep: Literal["new", "all", "off"] = "new"
    """Which personas without job and avatar are looked for, in case no trigger saw them: those created since the
    installation (new), all, or none (off)."""

    keep_attempts_days: Annotated[int, Field(ge=0)] = 400
    """For how long the calls to providers are remembered; 0 = for ever."""

    storage_url: str | None = None
    """``file:///…``, ``s3://bucket/prefix`` or ``memory://``; default ``avatars`` under ``data_dir``."""

    public_url: str | None = None
    """Prefix of the addresses written back; default the console's ``/avatars``."""

    placeholder_pictures: CommaSeparated = ()
    """What else the addresses of pictures contain that only fill a place, beside those that are known
    (docs/adopting.md): taken letter by letter, in any case."""

    signed_url_seconds: Annotated[int, Field(ge=60, le=604_800)] | None = None
    """``/avatars/…`` redirects to addresses that the bucket takes for so many seconds, a week at most; None: it
    hands the bucket's pictures through."""

    console_host: str = "127.0.0.1"
    """Address on which the console listens."""

    console_port: Annotated[int, Field(ge=0, le=65535)] = 3001
    """Port of the console; 0 = any free one."""

    console_token: SecretStr | None = None
    """What opens the console, at least 16 characters, the same for all replicas. None: one is generated at the
    first start and kept in ``data_dir``, for ``retrato console`` to print."""

    console_read_only: bool = False
    """The console shows and orders nothing."""

    metrics_port: Annotated[int, Field(ge=0, le=65535)] | None = None
    """A port of their own for health and metrics, then no longer on ``console_port``; 0 = any free one."""

    names_tell_gender: bool = True
    """Where neither the row nor the role tells the gender, the first name does, unless both genders bear it."""

    prompts: PromptSettings = PromptSettings()
    """The wording of prompts: ``[prompts]`` in ``retrato.toml``."""

    host: HostMapping = HostMapping()
    """The application's tables and columns, where they have other names: ``[host]`` in ``retrato.toml``."""

    log_format: Literal["auto", "console", "json"] = "auto"
    """auto: for people on a terminal and in systemd's journal, JSON elsewhere."""

    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """Least level that is logged."""

    @field_validator("console_token")
    @classmethod
    def _token_is_long_enough(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and len(value) < _SHORTEST_TOKEN:
            raise ValueError(f"{len(value)} characters are too few, {_SHORTEST_TOKEN} at least are needed")
        return value

    @field_validator("host", mode="before")
    @classmethod
    def _settings_stand_outside(cls, value: Any) -> Any:
        inside = sorted(_TRIGGERS_KNOW & value.keys()) if isinstance(value, Mapping) else []
        if inside:
            raise ValueError(f"{inside[0]} is a setting of its own, {variable(inside[0])}")
        return value

    @field_validator("placeholder_pictures")
    @classmethod
    def _placeholders_are_no_pictures(cls, value: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        """A pattern that is true of real pictures would have them all drawn anew, and paid."""
        real = [info.data.get("public_url") or _OWN_PICTURES, *_REAL_PICTURES]
        for pattern in value:
            wrong = _wrong_placeholder(pattern, real)
            if wrong:
                raise ValueError(f"{pattern[:50]!r} {wrong}")
        return value

    @field_validator("providers", "result_hosts", "placeholder_pictures", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("retry_waits_seconds", mode="before")
    @classmethod
    def _split_waits(cls, value: Any) -> Any:
        return cls._split(value)

    @field_validator("retry_waits_seconds")
    @classmethod
    def _waits_are_times(cls, value: tuple[float, ...]) -> tuple[float, ...]:
        if any(wait < 0 for wait in value):
            raise ValueError("waits are seconds, 0 or more, separated by commas")
        return value

    @classmethod
    def settings_customise_sources(  # noqa: PLR0917 - the signature is pydantic-settings'
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Order of the sources, the first wins."""
        secrets = NestedSecretsSettingsSource(
            file_secret_settings,
            secrets_dir=_secrets_dirs(os.environ),
            secrets_prefix="",
            secrets_dir_missing="ok",
        )
        toml = TomlConfigSettingsSource(settings_cls)
        return init_settings, env_settings, dotenv_settings, secrets, toml

    @property
    def host_mapping(self) -> HostMapping:
        """The host's tables, with what their triggers have to know."""
        return replace(self.host, **{name: getattr(self, name) for name in _TRIGGERS_KNOW})

    @property
    def storage_url_or_default(self) -> str:
        """Where the pictures go."""
        return self.storage_url or (self.data_dir.absolute() / "avatars").as_uri()

    def secrets(self) -> list[str]:
        """Everything that must never be seen, for the logs' filter."""
        return [
            secret
            for name in type(self).model_fields
            if isinstance(value := getattr(self, name), SecretStr)
            for secret in _secrets_in(name, value.get_secret_value())
        ]


def _wrong_placeholder(pattern: str, real: Iterable[str]) -> str | None:
    if len(pattern) < _SHORTEST_PATTERN:
        return f"is too short: {_SHORTEST_PATTERN} characters at least tell a placeholder from a picture"
    if len(pattern) > _LONGEST_PATTERN or not pattern.isprintable():
        return f"is in no address: {_LONGEST_PATTERN} characters that can be printed are the most"
    if any(pattern.lower() in address.lower() for address in real):
        return "is in the addresses of real pictures too"
    return None


def _secrets_in(name: str, value: str) -> list[str]:
    return secrets_in_address(value) if name.endswith("_url") else [value]


def load(**overrides: Any) -> Settings:
    """
    Read the settings; *overrides* (field names) go before everything else.

    Raises:
        ConfigError: a value cannot be what it is; the message names the setting.

    """
    try:
        return Settings(**overrides)
    except ValidationError as exc:
        raise ConfigError("; ".join(_wrong(error["loc"], error["msg"]) for error in exc.errors())) from None
    except tomllib.TOMLDecodeError as exc:
        raise ConfigError(f"retrato.toml cannot be read: {exc}") from None
    except (UnicodeDecodeError, OSError) as exc:
        raise ConfigError(f"the settings' files cannot be read: {exc}") from None


_PLACES = ("environment", ".env or .env.local", "secrets directory", "retrato.toml")


def origins() -> dict[str, str]:
    """Setting (field name) → where its value comes from; those that have their default are left out."""
    found: dict[str, str] = {}
    for place, source in zip(_PLACES, _sources(), strict=True):
        for name in sorted(_told_by(source)):
            found.setdefault(name, place)
    return found


def hidden_by_the_environment(names: Iterable[str]) -> list[str]:
    """Variables of those *names* (fields) that a file sets in vain, because the environment sets them too."""
    environment, *files = (_told_by(source) for source in _sources())
    return [variable(name) for name in names if name in environment and any(name in file for file in files)]


def _told_by(source: PydanticBaseSettingsSource) -> set[str]:
    """Names of the fields that *source* has a value for."""
    return {name.lower().removeprefix(_PREFIX.lower()) for name in source()} & set(Settings.model_fields)


def misspelt(environ: Mapping[str, str]) -> list[str]:
    """Names that look like ours in *environ*, ``.env`` and ``retrato.toml``, and mean nothing."""
    _, dotenv, _, toml = _sources()
    assert isinstance(dotenv, EnvSettingsSource)
    assert isinstance(toml, TomlConfigSettingsSource)
    variables = dict.fromkeys([*environ, *(name.upper() for name in dotenv.env_vars)], "")
    unknown = sorted(set(toml.toml_data) - set(Settings.model_fields))
    return [*unknown_variables(variables), *(f"{name} in retrato.toml" for name in unknown)]


def _sources() -> list[PydanticBaseSettingsSource]:
    """Where settings are read from, in the order of `_PLACES`."""
    _, *sources = Settings.settings_customise_sources(
        Settings,
        InitSettingsSource(Settings, {}),
        EnvSettingsSource(Settings),
        DotEnvSettingsSource(Settings),
        SecretsSettingsSource(Settings),
    )
    return sources


def plain(secret: SecretStr | None) -> str | None:
    """The secret itself, for the one part that needs it."""
    return secret.get_secret_value() if secret is not None else None


def unknown_variables(environ: Mapping[str, str]) -> list[str]:
    """Variables that begin like ours and mean nothing: most likely a slip of the pen."""
    known = {_PREFIX + name.upper() for name in Settings.model_fields}
    known |= {_PREFIX + "HF_TOKEN"}
    return sorted(name for name in environ if name.upper().startswith(_PREFIX) and name.upper() not in known)


def _wrong(location: tuple[int | str, ...], message: str) -> str:
    """The setting's name, and what is wrong with its value; pydantic says before our own words whose they are."""
    name, *inside = (str(part) for part in location) if location else ("settings",)
    name = ".".join([variable(name), *(part for part in inside if not part.isdigit())])
    return f"{name}: {message.removeprefix('Value error, ')}"


def variable(name: str) -> str:
    """The environment's name of the setting *name*."""
    name = name.upper()
    return name if name.startswith(_PREFIX) else _PREFIX + name


def secret_files(environ: Mapping[str, str]) -> list[Path]:
    """The files of the secrets directories that are read as settings."""
    ours = {*Settings.model_fields, "hf_token"}
    return [
        path
        for folder in _secrets_dirs(environ)
        for path in sorted(folder.iterdir())
        if path.name.lower().removeprefix(_PREFIX.lower()) in ours and path.is_file()
    ]


def _secrets_dirs(environ: Mapping[str, str]) -> list[Path]:
    """Folders that hold one secret a file: systemd's credentials, then the container's."""
    candidates = [environ.get("CREDENTIALS_DIRECTORY"), "/run/secrets"]
    return [Path(folder) for folder in candidates if folder and Path(folder).is_dir()]
