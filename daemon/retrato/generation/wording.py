"""The words for one picture: the application's own prompt, or the persona's look in its company's wording."""

from collections.abc import Mapping
from functools import partial

from retrato.domain.job import Job
from retrato.domain.persona import Persona
from retrato.prompts.compose import compose
from retrato.prompts.draw import draw_look, suits
from retrato.prompts.gender import with_gender
from retrato.prompts.template import Template
from retrato.store.looks import Looks


class Wording:
    """
    Prompts of all companies.

    *templates* are the wordings of companies that have their own, by company id; *template* is for all others,
    None = the standard one. With *names_tell_gender* the first name tells the gender where nothing else does.
    """

    def __init__(
        self,
        looks: Looks,
        *,
        template: Template | None = None,
        templates: Mapping[str, Template] | None = None,
        names_tell_gender: bool = True,
    ) -> None:
        self._looks = looks
        self._template = template
        self._templates = templates or {}
        self._names_tell_gender = names_tell_gender

    async def prompt_for(self, job: Job, persona: Persona, *, version: int) -> str:
        """
        The prompt for *version*; a look that is not there yet is drawn and kept.

        Raises:
            LeaseLostError: the job is not ours any more.

        """
        if persona.ready_prompt:
            return compose(persona)
        persona = with_gender(persona, names_tell=self._names_tell_gender)
        look = await self._looks.of(
            job,
            version=version,
            suits=partial(suits, persona),
            draw=lambda attempt: draw_look(persona, attempt=attempt),
        )
        return compose(persona, look, template=self._template_of(persona))

    async def preview(self, persona: Persona) -> str:
        """The prompt as it would be now; nothing is kept."""
        if persona.ready_prompt:
            return compose(persona)
        persona = with_gender(persona, names_tell=self._names_tell_gender)
        look = await self._looks.kept(persona.id)
        if look is None or not suits(persona, look):
            look = draw_look(persona, attempt=0)
        return compose(persona, look, template=self._template_of(persona))

    def _template_of(self, persona: Persona) -> Template | None:
        return self._templates.get(persona.empresa_id, self._template)
