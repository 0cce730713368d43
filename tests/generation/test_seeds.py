from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrato.generation.seeds import seed_for

PERSONA = "768e7df2-fc61-424e-9d3a-0123456789ab"


def test_first_version_has_the_seed_of_the_replaced_script():
    assert seed_for(PERSONA, version=1) == 768726142


@pytest.mark.parametrize(
    ("persona_id", "seed"),
    [
        ("99999999-9999-4999-8999-999999999999", 999_999_999),
        ("00000000-0000-0000-0000-000000000001", 0),
        ("768E7DF2-FC61-424E-9D3A-0123456789AB", 768726142),
    ],
)
def test_first_nine_digits_of_a_uuid_count(persona_id: str, seed: int):
    assert seed_for(persona_id, version=1) == seed


@given(st.text(), st.integers(1, 10**9), st.integers(0, 10**6))
def test_every_seed_is_at_least_0_and_below_2_to_the_31(persona_id: str, version: int, redraw: int):
    assert 0 <= seed_for(persona_id, version=version, redraw=redraw) < 2**31


@given(st.uuids())
def test_every_seed_of_a_uuid_is_in_range_and_always_the_same(persona_id: UUID):
    seed = seed_for(str(persona_id), version=1)

    assert 0 <= seed < 2**31
    assert seed == seed_for(str(persona_id), version=1)


def test_each_version_and_each_redraw_has_a_seed_of_its_own():
    seeds = {seed_for(PERSONA, version=version, redraw=redraw) for version in range(1, 6) for redraw in range(5)}

    assert len(seeds) == 25


def test_hash_stays_what_it_is_so_that_old_versions_can_be_drawn_again():
    assert seed_for(PERSONA, version=2) == 1102203066
    assert seed_for(PERSONA, version=1, redraw=1) == 1683874494
    assert seed_for("4711", version=1) == 881313287


@pytest.mark.parametrize("prefix", ["persona-000000000", "1000000000", "12345678-abcd-4abc-8abc-abcdef"])
def test_ids_with_a_common_beginning_have_different_seeds(prefix: str):
    seeds = {seed_for(f"{prefix}{number:06x}", version=2) for number in range(100)}
    first_seeds = {seed_for(f"{prefix}{number}", version=1) for number in range(100)}

    assert len(seeds) == len(first_seeds) == 100


def test_uuid_with_too_few_digits_is_hashed():
    few = "abcdefab-abcd-4abc-8abc-abcdefabcd12"

    assert seed_for(few, version=1) != seed_for(few.replace("12", "21"), version=1)


def test_uuids_ordered_by_time_do_not_share_their_clock_as_seed():
    seeds = {seed_for(f"01931f5e-7b00-7{n:03x}-8000-000000000000", version=1) for n in range(100)}

    assert len(seeds) == 100
