"""The OpenAPI document of the JSON API, made of the models that it really uses."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from retrato.console import api_models as m
from retrato.version import VERSION

_REF = "#/components/schemas/{model}"
_ERRORS = {
    400: "The request is not understood.",
    401: "A token is needed, or it is wrong.",
    403: "Not allowed: read-only, closed, or from another site.",
    404: "There is no such company, persona, version or page.",
    413: "The body is too large.",
    429: "Too many wrong tokens.",
    503: "The database does not answer now.",
}
_GIVEN: tuple[type[BaseModel], ...] = (m.Generate, m.GenerateOne, m.Restore)
_SHOWN: tuple[type[BaseModel], ...] = (
    m.CompaniesOut,
    m.CompanyOut,
    m.PersonasOut,
    m.PersonaDetail,
    m.Ordered,
    m.Restored,
    m.ProvidersOut,
    m.ErrorOut,
)


def document(*, can_restore: bool) -> dict[str, Any]:
    """The document; without the way to restore versions where nobody can."""
    _, schemas = models_json_schema([(model, "validation") for model in (*_GIVEN, *_SHOWN)], ref_template=_REF)
    paths: dict[str, Any] = {
        "/api/empresas": {
            "get": _operation("list_companies", "Companies by name.", m.CompaniesOut, query=m.CompaniesQuery)
        },
        "/api/empresas/{empresa_id}": {
            "get": _operation("get_company", "One company.", m.CompanyOut, key="empresa_id")
        },
        "/api/empresas/{empresa_id}/personas": {
            "get": _operation(
                "list_personas", "A company's personas by name.", m.PersonasOut, key="empresa_id",
                query=m.PersonasQuery,
            )
        },
        "/api/empresas/{empresa_id}/generate": {
            "post": _operation(
                "generate", "Executar, Forçar, or once more what failed.", m.Ordered, key="empresa_id",
                body=m.Generate,
            )
        },
        "/api/personas/{persona_id}": {
            "get": _operation(
                "get_persona", "One persona with its versions and calls.", m.PersonaDetail, key="persona_id"
            )
        },
        "/api/personas/{persona_id}/generate": {
            "post": _operation(
                "generate_one", "Executar or Forçar for one persona.", m.Ordered, key="persona_id",
                body=m.GenerateOne,
            )
        },
        "/api/providers": {
            "get": _operation("get_providers", "Who draws, with what.", m.ProvidersOut, query=m.ProvidersQuery)
        },
    }  # fmt: skip
    if can_restore:
        paths["/api/personas/{persona_id}/restore"] = {
            "post": _operation(
                "restore", "Bring an old version back.", m.Restored, key="persona_id", body=m.Restore
            )
        }
    return {
        "openapi": "3.1.0",
        "info": {"title": "Retrato", "version": VERSION, "description": _DESCRIPTION},
        "paths": paths,
        "components": {
            "schemas": schemas["$defs"],
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{"token": []}],
    }


_DESCRIPTION = """\
Every request bears the token: RETRATO_CONSOLE_TOKEN or, where that is not set, the one in the file `console-token`
of the data folder.
"""


def _operation(
    name: str,
    summary: str,
    answer: type[BaseModel],
    *,
    key: str | None = None,
    query: type[BaseModel] | None = None,
    body: type[BaseModel] | None = None,
) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": name,
        "summary": summary,
        "parameters": [*_path(key), *_query(query)],
        "responses": {
            "200": {"description": summary, "content": _content(answer)},
            **{
                str(code): {"description": text, "content": _content(m.ErrorOut)} for code, text in _ERRORS.items()
            },
        },
    }
    if body is not None:
        operation["requestBody"] = {"required": False, "content": _content(body)}
    return operation


def _path(key: str | None) -> list[dict[str, Any]]:
    if key is None:
        return []
    return [
        {
            "name": key,
            "in": "path",
            "required": True,
            "schema": {"type": "string", "minLength": 1, "maxLength": 200},
        }
    ]


def _query(model: type[BaseModel] | None) -> list[dict[str, Any]]:
    if model is None:
        return []
    properties: Mapping[str, Any] = model.model_json_schema()["properties"]
    return [
        {
            "name": name,
            "in": "query",
            "schema": {key: value for key, value in schema.items() if key != "title"},
        }
        for name, schema in properties.items()
    ]


def _content(model: type[BaseModel]) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": _REF.format(model=model.__name__)}}}
