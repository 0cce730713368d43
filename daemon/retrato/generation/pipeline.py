"""
The pipeline: from a claimed job to a finished version whose pictures are stored.

Read the persona, build the prompt, ask the chain, store picture and thumbnail under new keys. Nothing here writes
to the host; that is the write-back's, behind the fence.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Protocol

import structlog

from retrato.domain.attempt import Pending
from retrato.domain.errors import NotFoundError, StorageError, StoreAwayError, StoreUnavailableError
from retrato.domain.job import Job
from retrato.domain.persona import Persona
from retrato.domain.picture import Drawn, Order, Picture
from retrato.generation.chain import Chain
from retrato.generation.seeds import seed_for
from retrato.generation.store_guard import StoreGuard
from retrato.metrics.metrics import Metrics
from retrato.prompts.compose import compose
from retrato.storage.keys import PictureKeys, picture_keys
from retrato.storage.picture_store import PictureStore
from retrato.store.attempts import AttemptLog
from retrato.store.avatars import Finished
from retrato.store.personas import Draft, Personas
from retrato.supervise import backoff

log = structlog.get_logger()


_LONGEST_OUTAGE_S = 300.0


class PromptFor(Protocol):
    """The words for one version of a persona; ``wording.Wording.prompt_for``."""

    async def __call__(self, job: Job, persona: Persona, *, version: int) -> str:
        """Raise LeaseLostError where the job is not ours any more."""


class Pipeline:
    """
    Draws one version for one job; safe to use for many jobs at once.

    A picture that the store does not take is offered again for as long as it takes none, and where it takes others
    for *longest_outage_s* seconds. *guard* is asked before each call, and *require_address* before each
    job: it raises StoreAwayError while nobody knows under which address the picture will be found.
    """

    def __init__(
        self,
        personas: Personas,
        attempts: AttemptLog,
        chain: Chain,
        store: PictureStore,
        *,
        prompt_for: PromptFor,
        guard: StoreGuard | None = None,
        require_address: Callable[[], Awaitable[None]] | None = None,
        metrics: Metrics | None = None,
        longest_outage_s: float = _LONGEST_OUTAGE_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._personas = personas
        self._attempts = attempts
        self._chain = chain
        self._store = store
        self._prompt_for = prompt_for
        self._guard = guard
        self._require_address = require_address
        self._metrics = metrics or Metrics()
        self._longest_outage_s = longest_outage_s
        self._store_takes = False
        self._clock = clock

    async def draw(self, job: Job) -> Finished | None:
        """
        Draw the next version; None when the persona is gone or not ready any more.

        Raises:
            LeaseLostError: the job belongs to somebody else now.
            RefusedError: a provider will not draw this prompt.
            ChainExhaustedError: nobody could draw it now.
            StorageError: the picture could not be stored for minutes, though the store takes others.
            StoreAwayError: nothing was drawn, since it could not be stored or would not be found.
            StoreUnavailableError: the database is away.

        """
        began = self._clock()
        draft = await self._personas.read(job.persona_id)
        if draft is None or not draft.ready:
            return None
        if self._require_address is not None:
            await self._require_address()
        pending, redraw = None, 0
        if job.version == draft.version:  # an earlier claim had begun the same version
            pending = await self._attempts.pending(job, version=draft.version)
            redraw = await self._attempts.next_redraw(job, version=draft.version)
        if pending is not None and (stored := await self._stored(pending)) is not None:
            drawn, keys = stored
            log.info(
                "avatar.completed", version=draft.version, leg=pending.leg, reason="it was drawn and stored before"
            )
            return self._finished(job, draft, drawn, keys, took_s=self._clock() - began)
        prompt = await self._prompt_for(job, draft.persona, version=draft.version)

        await self._require_store()

        def order_for(redraw: int) -> Order:
            return Order(prompt=prompt, seed=seed_for(job.persona_id, version=draft.version, redraw=redraw))

        drawn = await self._chain.draw(
            job, version=draft.version, order_for=order_for, redraw=redraw, pending=pending
        )
        keys = picture_keys(
            empresa_id=job.empresa_id,
            persona_id=job.persona_id,
            version=draft.version,
            token=job.token,
            sha256=drawn.picture.sha256,
        )
        await self._put(keys, drawn.picture)
        await self._attempts.note_picture(
            job, image_key=keys.image, thumbnail_key=keys.thumbnail, sha256=drawn.picture.sha256
        )
        return self._finished(job, draft, drawn, keys, took_s=self._clock() - began)

    async def _require_store(self) -> None:
        """
        Look whether the store is ours and has room, and whether it takes pictures, unless the last one was taken.

        None is paid for that nobody keeps.

        Raises:
            StoreAwayError: it does not.
            StoreUnavailableError: the database is away.

        """
        try:
            if self._guard is not None:
                await self._guard.require()
            if not self._store_takes:
                await self._store.probe()
        except StorageError as exc:
            raise StoreAwayError(f"nothing is drawn while no picture can be stored: {exc}") from exc
        self._store_takes = True

    async def _put(self, keys: PictureKeys, picture: Picture) -> None:
        """Store picture and thumbnail; they were paid for, so a store that takes no picture is waited for."""
        give_up_at = self._clock() + self._longest_outage_s
        for wait_s in backoff():
            try:
                if self._guard is not None:
                    await self._guard.require_same()
                await self._store.put(keys.image, picture.image)
                await self._store.put(keys.thumbnail, picture.thumbnail)
            except StorageError as exc:
                self._store_takes = False
                self._metrics.jobs.fault("storage")
                if self._clock() >= give_up_at and await self._takes_others():
                    raise
                log.warning("picture.store_delayed", error=str(exc), again_in_s=round(wait_s, 2))
                await asyncio.sleep(wait_s)
            else:
                self._store_takes = True
                return

    async def _takes_others(self) -> bool:
        try:
            await self._require_store()
        except (StoreAwayError, StoreUnavailableError):
            return False
        return True

    async def _stored(self, pending: Pending) -> tuple[Drawn, PictureKeys] | None:
        """What *pending* drew and stored before its replica died; None when it did not get that far."""
        if pending.image_key is None or pending.thumbnail_key is None:
            return None
        try:
            image = await self._store.get(pending.image_key)
            thumbnail = await self._store.get(pending.thumbnail_key)
        except NotFoundError:
            return None
        except StorageError as exc:
            raise StoreAwayError(f"a picture that was stored before cannot be read now: {exc}") from exc
        if sha256(image).hexdigest() != pending.sha256:
            return None
        picture = Picture(
            image=image,
            thumbnail=thumbnail,
            width=pending.order.width,
            height=pending.order.height,
            sha256=pending.sha256,
        )
        drawn = Drawn(
            picture=picture,
            provider=pending.provider,
            leg=pending.leg,
            model=pending.model,
            order=pending.order,
            redraw=pending.redraw,
            attempts=1,
            seed=pending.seed,
            steps=pending.order.steps,
            guidance=pending.order.guidance,
            cost_usd=pending.cost_usd,
            generation=pending.generation,
        )
        return drawn, PictureKeys(image=pending.image_key, thumbnail=pending.thumbnail_key)

    async def discard(self, finished: Finished) -> None:
        """Remove the stored pictures of a version that was not written back."""
        await self._store.delete(finished.image_key)
        await self._store.delete(finished.thumbnail_key)

    def _finished(self, job: Job, draft: Draft, drawn: Drawn, keys: PictureKeys, *, took_s: float) -> Finished:
        picture, version = drawn.picture, draft.version
        return Finished(
            persona_id=job.persona_id,
            token=job.token,
            generation=job.generation if drawn.generation is None else drawn.generation,
            version=version,
            image_key=keys.image,
            thumbnail_key=keys.thumbnail,
            image_url=self._store.url(keys.image),
            thumbnail_url=self._store.url(keys.thumbnail),
            sha256=picture.sha256,
            image_bytes=len(picture.image),
            stored_bytes=len(picture.image) + len(picture.thumbnail),
            width=picture.width,
            height=picture.height,
            provider=drawn.provider,
            leg=drawn.leg,
            model=drawn.model,
            prompt=drawn.order.prompt,
            prompt_is_theirs=bool(draft.persona.ready_prompt) and drawn.order.prompt == compose(draft.persona),
            seed=drawn.seed,
            redraw=drawn.redraw,
            steps=drawn.steps,
            guidance=drawn.guidance,
            cost_usd=drawn.cost_usd,
            attempts=drawn.attempts,
            took_s=took_s,
            service=f"{drawn.provider}_{drawn.model.rpartition('/')[2]}",
            metadados=metadados(drawn, version=version),
        )


def metadados(drawn: Drawn, *, version: int) -> dict[str, Any]:
    """What is merged into the host's ``metadados``: all keys always there, null where unknown."""
    picture = drawn.picture
    return {
        "flux_generation": {
            "model": drawn.model,
            "seed_used": drawn.seed,
            "generated_at": datetime.now(UTC).isoformat(),
            "image_size": f"{picture.width}x{picture.height}",
            # A string with two decimals, as the script that Retrato replaces wrote it.
            "file_size_kb": f"{len(picture.image) / 1024:.2f}",
            "inference_steps": drawn.steps,
            "guidance_scale": drawn.guidance,
            "provider": drawn.provider,
            "leg": drawn.leg,
            "prompt": drawn.order.prompt,
            "version": version,
            "cost_usd": drawn.cost_usd,
            "sha256": picture.sha256,
            "ai_generated": True,
        }
    }
