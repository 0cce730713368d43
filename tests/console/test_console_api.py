"""The JSON API: the same power as the pages, and its document tells the truth about it."""

import asyncio
import json

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, assume, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
)
from tests.console.console_support import EMPRESA, OURS, TOKEN, running_console

from retrato.console.gate import House

CHECKS = (
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    negative_data_rejection,
)


@pytest.fixture
async def empresa(people):
    return await people.company("ARVA")


async def _get(http, url, **params):
    async with http.get(url, params=params) as answer:
        assert answer.status == 200, await answer.text()
        return await answer.json()


async def _post(http, url, body=None):
    async with http.post(url, json=body or {}, headers=OURS) as answer:
        return answer.status, await answer.json()


async def test_companies_and_personas_are_paged(console, http, people, empresa):
    for number in range(5):
        await people.persona(f"Pessoa {number}")
    [company] = (await _get(http, f"{console.url}/api/empresas"))["items"]
    names, at = [], None
    while True:
        page = await _get(
            http, f"{console.url}/api/empresas/{empresa}/personas", limit="2", **({"at": at} if at else {})
        )
        names += [one["name"] for one in page["items"]]
        if (at := page["next"]) is None:
            break

    assert (company["id"], company["total"], company["states"]) == (empresa, 5, {"queued": 5})
    assert names == [f"Pessoa {number}" for number in range(5)]


async def test_generate_answers_accepted_queued_ready(console, http, people, empresa, connection):
    persona_id = await people.persona()
    await connection.execute("delete from retrato.jobs")
    url = f"{console.url}/api/empresas/{empresa}/generate"

    accepted = await _post(http, url)
    queued = await _post(http, url)
    await people.finish(persona_id)
    ready = await _post(http, url)
    forced = await _post(http, url, {"force": True, "persona_ids": [persona_id]})
    nothing = await _post(http, url, {"retry_failed": True})

    assert accepted == (200, {"result": "accepted", "enqueued": 1})
    assert queued == (200, {"result": "already_queued", "enqueued": 0})
    assert ready == (200, {"result": "already_ready", "enqueued": 0})
    assert forced == (200, {"result": "accepted", "enqueued": 1})
    assert nothing == (200, {"result": "nothing_failed", "enqueued": 0})


async def test_persona_with_its_versions_is_forced_and_restored(console, http, people, empresa):
    persona_id = await people.persona()
    await people.finish(persona_id)
    await people.finish(persona_id)
    url = f"{console.url}/api/personas/{persona_id}"

    detail = await _get(http, url)
    restored = await _post(http, f"{url}/restore", {"version": 1})
    forced = await _post(http, f"{url}/generate", {"force": True})
    again = await _get(http, url)

    assert [version["version"] for version in detail["versions"]] == [2, 1]
    assert detail["persona"]["picture"] == detail["versions"][0]["picture"]
    assert restored == (200, {"version": 1})
    assert forced == (200, {"result": "accepted", "enqueued": 1})
    assert again["persona"]["state"] == "queued"
    async with http.get(console.url + detail["persona"]["thumbnail"]) as picture:
        assert picture.content_type == "image/jpeg"


async def test_providers_are_compared_for_any_number(console, http, empresa):
    answer = await _get(http, f"{console.url}/api/providers", personas="1000")
    fal = next(leg for leg in answer["legs"] if leg["leg"] == "huggingface/fal-ai")

    assert fal["outlooks"] == [{"personas": 1000, "cost_usd": 25.0, "time_s": None}]


@pytest.mark.parametrize(
    "body",
    ['{"force": "yes"}', '{"forse": true}', "[]", "{", '{"force": true, "retry_failed": true}',
     '{"persona_ids": []}', '{"persona_ids": ["\\u0000"]}', '{"persona_ids": ["\\ud800"]}', "\ufeff\xff",
     "9" * 5000, "[" * 100_000],
)  # fmt: skip
async def test_what_is_not_understood_is_said_so(console, http, people, empresa, body):
    url = f"{console.url}/api/empresas/{empresa}/generate"
    async with http.post(url, data=body.encode("utf-8"), headers=OURS) as answer:
        assert answer.status == 400
        assert set(await answer.json()) == {"error", "message"}


@pytest.mark.parametrize(
    ("body", "enqueued"),
    [
        ({"empresaId": EMPRESA, "scriptName": "05b_generate_images_alternating.js", "force_mode": False}, 0),
        ({"empresaId": EMPRESA, "scriptName": "05b_generate_images_alternating.js", "force_mode": True}, 2),
        ({"empresaId": EMPRESA.upper(), "force_mode": "true"}, 2),
        ({"force": "true"}, 2),
        ({"force": "false", "force_mode": "false", "retry_failed": "false"}, 0),
        ({"force_mode": "true", "persona_ids": ["ANA"]}, 1),
        ({"force_mode": True, "personaId": "ANA"}, 1),
    ],
)
async def test_body_of_the_replaced_scripts_card_is_understood(console, http, people, empresa, body, enqueued):
    ids = await people.personas("Ana", "Bia")
    for one in ids:
        await people.finish(one)
    sent = json.loads(json.dumps(body).replace("ANA", ids[0]))

    status, answer = await _post(http, f"{console.url}/api/empresas/{empresa}/generate", sent)

    assert (status, answer["enqueued"]) == (200, enqueued)


@pytest.mark.parametrize(
    ("body", "enqueued"), [({"personaId": "ANA"}, 0), ({"personaId": "ANA", "force_mode": "true"}, 1)]
)
async def test_card_orders_one_persona(console, http, people, empresa, body, enqueued):
    persona_id = await people.persona("Ana")
    await people.finish(persona_id)
    sent = {**body, "personaId": persona_id, "empresaId": empresa, "scriptName": "05b"}

    status, answer = await _post(http, f"{console.url}/api/personas/{persona_id}/generate", sent)

    assert (status, answer["enqueued"]) == (200, enqueued)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"force_mode": "yes"}, 400),
        ({"force_mode": 1}, 400),
        ({"scriptName": "01_create_personas_from_structure.js"}, 400),
        ({"empresaId": "OTHER"}, 400),
        ({"empresaId": "nobody"}, 404),
        ({"personaId": "nobody"}, 404),
        ({"personaId": "THEIRS", "force_mode": True}, 400),
        ({"personaId": "THEIRS", "persona_ids": ["THEIRS"]}, 400),
    ],
)
async def test_body_that_names_others_than_the_address_orders_nothing(
    console, http, people, empresa, connection, body, status
):
    other = await people.company("Outra", EMPRESA[:-1] + "2")
    theirs = await people.persona("Eva", other)
    await connection.execute("delete from retrato.jobs")
    sent = json.loads(json.dumps(body).replace("OTHER", other).replace("THEIRS", theirs))

    answered, _ = await _post(http, f"{console.url}/api/empresas/{empresa}/generate", sent)

    assert answered == status
    assert await connection.fetchval("select count(*) from retrato.jobs") == 0


async def test_unknown_ids_are_not_found(console, http, empresa):
    statuses = [
        (await _post(http, f"{console.url}/api/empresas/{EMPRESA[:-1]}9/generate"))[0],
        (await _post(http, f"{console.url}/api/empresas/nobody/generate"))[0],
        (await _post(http, f"{console.url}/api/personas/nobody/generate"))[0],
        (await _post(http, f"{console.url}/api/empresas/{empresa}/generate", {"persona_ids": ["nobody"]}))[0],
    ]

    assert statuses == [404] * 4


async def test_api_does_what_its_document_says(database, connection, store, people, empresa):
    """Schemathesis calls every operation with good and bad data, and compares the answers with the document."""
    persona_id = await people.persona()
    await people.finish(persona_id)
    await people.finish(persona_id)
    await people.persona("Outra")
    house = House("127.0.0.1", token=TOKEN)
    async with running_console(database, connection, store, house=house) as running:
        operations = await asyncio.to_thread(
            _compare, running.url, {"empresa_id": empresa, "persona_id": persona_id}
        )

    assert operations == {
        ("GET", "/api/empresas"),
        ("GET", "/api/empresas/{empresa_id}"),
        ("GET", "/api/empresas/{empresa_id}/personas"),
        ("POST", "/api/empresas/{empresa_id}/generate"),
        ("GET", "/api/personas/{persona_id}"),
        ("POST", "/api/personas/{persona_id}/generate"),
        ("POST", "/api/personas/{persona_id}/restore"),
        ("GET", "/api/providers"),
    }


def _compare(url, ids):
    headers = {"Authorization": f"Bearer {TOKEN}"}
    schema = schemathesis.openapi.from_url(f"{url}/api/openapi.json", headers=headers)
    called = set()
    for result in schema.get_all_operations():
        operation = result.ok()
        for modes in (schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE):
            _call(operation, modes, headers, ids)
        called.add((operation.method.upper(), operation.path))
    return called


def _call(operation, mode, headers, ids):
    @settings(
        max_examples=12,
        database=None,
        deadline=None,
        derandomize=True,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def call(case):
        # All bear the right header, so none is wrong in that.
        wrong = {where for where, one in case.meta.components.items() if one.mode.is_negative}
        assume("header" not in wrong)
        # Some of the calls shall find somebody, but none that might be right then.
        for name in (case.path_parameters or {}) if not wrong or "body" in wrong else ():
            if len(str(case.path_parameters[name])) % 2:
                case.path_parameters[name] = ids[name]
        case.call_and_validate(headers=headers, checks=CHECKS, timeout=20)

    call()
