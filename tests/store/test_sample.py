"""The sample company of the demo."""

from retrato.store import sample


async def test_company_has_as_many_personas_as_were_asked_for(dsn, connection):
    await sample.insert_company(dsn, personas=1200)

    assert await connection.fetchval("select count(*) from personas") == 1200
    assert (
        await connection.fetchval("select persona_code from personas order by created_at, persona_code limit 1")
        == "ARVA01-01"
    )
