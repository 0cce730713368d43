"""Addresses that only fill the place of a picture: those that are known, and those that the application names."""

import pytest
from tests.store.support import connected

from retrato.domain.errors import ConfigError
from retrato.settings import load
from retrato.store import migrations
from retrato.store.mapping import HostMapping

TABLE = "create table personas (id bigint generated always as identity primary key, name text, avatar_url text)"
FILLING = [
    "https://api.dicebear.com/7.x/avataaars/svg?seed=Ana",
    "https://ui-avatars.com/api/?name=Ana",
    "https://images.unsplash.com/photo-1",
    "https://i.pravatar.cc/150?img=3",
    "https://pravatar.cc/300",
    "https://www.gravatar.com/avatar/0123?d=mp&s=200",
    "https://www.gravatar.com/avatar/0123?s=200&d=identicon",
    "https://secure.gravatar.com/avatar/0123?default=retro",
    "https://gravatar.com/avatar/?s=80",
    "https://robohash.org/ana.png",
    "https://via.placeholder.com/150",
    "https://placeholder.com/150",
    "https://placehold.co/600x400",
    "https://picsum.photos/200",
    "https://randomuser.me/api/portraits/women/1.jpg",
    "https://avatar.iran.liara.run/public/1",
    "/default-avatar.png",
    "default-avatar.png",
    "https://app.example/img/default_avatar.svg",
    "/images/avatar-default.jpg",
    "/images/default-user.png",
    "/placeholder.svg",
    "/placeholder-user.jpg",
    "/img/no-avatar.png",
    "/img/sem-foto.png",
    "/img/avatar-padrao.png",
    "C:\\temp\\temp_avatars\\ana.png",
    "   ",
]
REAL = [
    "https://cdn.example/ana.jpg",
    "https://www.gravatar.com/avatar/0123456789abcdef0123456789abcdef",
    "https://www.gravatar.com/avatar/0123456789abcdef?d=404",
    "https://cdn.example/avatars/default/ana.jpg",
    "https://cdn.example/ana-avatar.jpg",
    "https://pictures.example/avatars/-/1/v1-7-0123456789abcdef.jpg",
]
HOSTILE = [
    "a'b--c",
    "50%_x",
    "(((( ",
    "[a-",
    "a|b|c",
    "^.*$",
    "x$$y$$",
    "{personas}",
    "\\d+\\",
    "a\\' or true",
    'a"b"c',
    "***:x",
]


@pytest.fixture
async def install(bare_dsn):
    async with connected(bare_dsn) as connection:

        async def install(*patterns):
            await connection.execute(TABLE)
            await migrations.apply(bare_dsn, HostMapping(placeholder_pictures=patterns))
            return connection

        yield install


async def drawn_for(connection, addresses):
    """The addresses of those who are queued."""
    await connection.executemany(
        "insert into personas (name, avatar_url) values ('Ana', $1)", [(a,) for a in addresses]
    )
    rows = await connection.fetch(
        "select p.avatar_url from personas p join retrato.jobs j on j.persona_id = p.id::text"
    )
    return {row["avatar_url"] for row in rows}


async def test_known_placeholders_count_as_no_picture_and_real_ones_do(install):
    connection = await install()

    assert await drawn_for(connection, [*FILLING, *REAL]) == set(FILLING)


async def test_own_patterns_are_added_to_the_known_ones(install):
    connection = await install("cdn.example/silhouette", "Boneco.PNG")
    filling = ["https://CDN.example/silhouette-2.png", "/img/boneco.png", FILLING[0]]

    assert await drawn_for(connection, [*filling, *REAL, "/img/bonecoXpng"]) == set(filling)


async def test_patterns_are_taken_letter_by_letter(install):
    connection = await install(*HOSTILE)
    filling = [f"https://cdn.example/{pattern}.jpg" for pattern in HOSTILE]

    drawn = await drawn_for(
        connection, [*filling, *REAL, "https://cdn.example/a.jpg", "https://cdn.example/50Xyx.jpg"]
    )

    assert drawn == set(filling)
    assert await connection.fetchval("select count(*) from retrato.persona_status where state = 'queued'") == len(
        filling
    )


async def test_backslashes_mean_the_same_where_the_server_reads_them_the_old_way(install, bare_dsn):
    connection = await install(*HOSTILE)
    await connection.execute("set standard_conforming_strings = off; set escape_string_warning = off")
    await connection.execute(
        "insert into personas (name, avatar_url) values ('Ana', 'https://cdn.example/ana.jpg')"
    )

    assert await connection.fetchval("select count(*) from retrato.jobs") == 0


@pytest.mark.parametrize(
    "bad", ["x", "http", "https://", "://", ".com", ".jpg", ".PNG", "www.", "a\tb\x00c", "avatars/", "y" * 300]
)
def test_pattern_that_would_be_true_of_real_pictures_or_of_none_is_refused(monkeypatch, bad):
    with pytest.raises(ConfigError, match="RETRATO_PLACEHOLDER_PICTURES"):
        load(placeholder_pictures=(bad,))


@pytest.mark.parametrize("bad", ["pictures.example", "https://pictures.example/a", "example/avatars"])
def test_pattern_that_is_in_the_address_of_our_own_pictures_is_refused(bad):
    with pytest.raises(ConfigError, match="RETRATO_PLACEHOLDER_PICTURES"):
        load(placeholder_pictures=(bad,), public_url="https://pictures.example/avatars")


def test_setting_is_a_list_with_commas(monkeypatch):
    monkeypatch.setenv("RETRATO_PLACEHOLDER_PICTURES", " cdn.example/silhouette , /boneco.png,")

    settings = load()

    assert settings.host_mapping.placeholder_pictures == ("cdn.example/silhouette", "/boneco.png")
