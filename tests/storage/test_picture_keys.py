import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrato.storage.keys import PictureKeys, is_key, picture_keys, picture_of, thumbnail_of

SHA256 = "0123456789abcdef" * 4
HOSTILE = st.text() | st.sampled_from(
    ["", ".", "..", "../../etc/passwd", "a/b", "ç" * 10_000, "x" * 65, "%2e%2e", "\0"]
)


def keys(empresa_id: str = "acme", persona_id: str = "ana", *, version: int = 1, token: int = 7) -> PictureKeys:
    return picture_keys(empresa_id=empresa_id, persona_id=persona_id, version=version, token=token, sha256=SHA256)


def test_plain_ids_stand_in_the_key_as_they_are():
    made = keys("acme", "768e7df2-fc61-424e-9d3a-000000000001", version=3, token=12)

    assert made.image == "acme/768e7df2-fc61-424e-9d3a-000000000001/v3-12-0123456789abcdef.jpg"
    assert made.thumbnail == "acme/768e7df2-fc61-424e-9d3a-000000000001/v3-12-0123456789abcdef_thumb.jpg"


@given(HOSTILE, HOSTILE)
def test_hostile_ids_make_safe_keys(empresa_id: str, persona_id: str):
    made = keys(empresa_id, persona_id)

    for key in (made.image, made.thumbnail):
        assert is_key(key)
        assert len(key) < 255
        assert key.count("/") == 2


@given(HOSTILE, HOSTILE)
def test_different_personas_never_share_a_key(one: str, other: str):
    assert (keys(persona_id=one) == keys(persona_id=other)) == (one == other)


def test_hashed_id_cannot_be_taken_by_a_plain_one():
    hashed = keys("a/b").image.split("/")[0]

    assert keys(hashed).image.split("/")[0] != hashed


def test_new_version_and_new_token_each_make_new_keys():
    made = {keys().image, keys(version=2).image, keys(token=8).image}

    assert len(made) == 3


@pytest.mark.parametrize(
    "text",
    [
        "",
        "v1-7-0123456789abcdef.jpg",
        "../ana/v1-7-0123456789abcdef.jpg",
        "acme/../v1-7-0123456789abcdef.jpg",
        "acme/ana/../../../etc/passwd",
        "/acme/ana/v1-7-0123456789abcdef.jpg",
        "acme//v1-7-0123456789abcdef.jpg",
        "acme/ana/v1-7-0123456789abcdef.jpg\n",
        "acme/ana/v1-7-0123456789abcdef.jpg\0",
        "acme/ana/v1-7-0123456789abcdef.png",
        "acme/ana/v1-7-0123456789ABCDEF.jpg",
        "acme\\ana\\v1-7-0123456789abcdef.jpg",
        "acme/ana/v1-7-0123456789abcdef.jpg/x",
        "%2e%2e/ana/v1-7-0123456789abcdef.jpg",
        "acme/ana/v\u0661-7-0123456789abcdef.jpg",
    ],
)
def test_anything_else_is_no_key(text: str):
    assert not is_key(text)


def test_picture_and_thumbnail_lead_to_the_picture_and_its_token():
    made = keys(token=12)

    assert picture_of(made.image) == picture_of(made.thumbnail) == (made.image, 12)
    assert thumbnail_of(made.image) == made.thumbnail


def test_token_that_no_database_holds_is_no_picture_of_ours():
    assert picture_of("acme/ana/v1-9999999999999999999-0123456789abcdef.jpg") is None


@given(HOSTILE, HOSTILE)
def test_every_key_leads_back_to_its_picture(empresa_id: str, persona_id: str):
    made = keys(empresa_id, persona_id)

    assert picture_of(made.thumbnail) == (made.image, 7)


@given(st.text())
def test_is_key_answers_for_any_text(text: str):
    assert is_key(text) in {True, False}
