"""The page of plans is what the command says."""

import pytest
from tests.adoption.hosts import HOSTS
from tests.adoption.plans import PAGE, plan_of
from tests.adoption.variants import case


@pytest.mark.parametrize("host", [case(host) for host in HOSTS])
async def test_plan_on_the_page_is_what_the_command_says_on_one_screen(bare, host):
    told = await plan_of(bare.dsn, host)

    assert told in PAGE.read_text(encoding="utf-8"), "run `make snapshot`"
    screen = told.partition("```text\n")[2].splitlines()
    assert len(screen) <= 40
    assert max(map(len, screen)) <= 100
