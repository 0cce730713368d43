import pytest
from chain_fakes import JOB, FakeLeg, Studio

from retrato.domain.errors import ChainExhaustedError, UnusablePictureError
from retrato.domain.picture import Order
from retrato.generation.placeholders import PlaceholderMemory


def test_same_bytes_for_another_prompt_are_a_placeholder():
    memory = PlaceholderMemory()
    memory.check(b"branded", "a captain")

    with pytest.raises(UnusablePictureError, match="placeholder"):
        memory.check(b"branded", "a baker")


def test_same_prompt_may_give_the_same_bytes_again():
    memory = PlaceholderMemory()
    memory.check(b"face", "a captain")

    memory.check(b"face", "a captain")


def test_memory_is_bounded():
    memory = PlaceholderMemory()

    for number in range(5000):
        memory.check(number.to_bytes(4), "a captain")

    assert len(memory._prompts) == 1000


async def test_placeholder_is_not_kept_as_anybodys_face(studio: Studio):
    chain = studio.chain(FakeLeg("a/1", b"branded"))
    await chain.draw(JOB, version=1, order_for=lambda redraw: Order(prompt="a captain", seed=redraw))

    with pytest.raises(ChainExhaustedError, match="placeholder"):
        await chain.draw(JOB, version=1, order_for=lambda redraw: Order(prompt="a baker", seed=redraw))
