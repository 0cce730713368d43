"""The wording of prompts, from the settings."""

from retrato.app.base import Base
from retrato.domain.errors import ConfigError
from retrato.generation.wording import Wording
from retrato.prompts.template import Template
from retrato.settings import Settings
from retrato.store.looks import Looks


def wording(settings: Settings, base: Base) -> Wording:
    """
    The prompts' wording.

    Raises:
        ConfigError: a template in ``[prompts]`` of ``retrato.toml`` cannot be read; the message says which.

    """
    template, templates = parsed_templates(settings)
    return Wording(
        Looks(base.database),
        template=template,
        templates=templates,
        names_tell_gender=settings.names_tell_gender,
    )


def parsed_templates(settings: Settings) -> tuple[Template | None, dict[str, Template]]:
    """The template for all, and by company. Raises ConfigError as `wording` does."""
    prompts = settings.prompts
    return (
        None if prompts.template is None else _parsed("template", prompts.template),
        {empresa_id: _parsed(empresa_id, text) for empresa_id, text in prompts.templates.items()},
    )


def _parsed(name: str, text: str) -> Template:
    try:
        return Template.parse(text)
    except ConfigError as exc:
        raise ConfigError(f"[prompts] in retrato.toml, {name}: {exc}") from exc
