"""Personas for these tests: one by hand, or a crowd as the hosts' tables hold them."""

import json
import random
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from retrato.domain.look import Look
from retrato.domain.persona import Persona
from retrato.prompts.draw import draw_look

NATIONALITIES = (
    "brasileiros", "americanos", "europeus", "latinos", "asiaticos", "indianos", "arabes", "africanos",
    "nordicos", "russos", "Mexicana-Americana", "Canadense-Americana", "Brasileira-Americana", "Americana",
    "Brasil", None,
)  # fmt: skip
GENDERS = ("masculino", "feminino", "M", "F", "male", "female", "não-binário", None)
ROLES = (
    "CEO", "CTO", "Diretora de Produto", "Desenvolvedor Full Stack", "Designer de UX", "Cientista de Dados",
    "Gerente de Marketing", "Especialista em Vendas", "Analista Financeira", "Engenheiro de DevOps",
    "Assistente Executiva", "Suporte ao Cliente", "Especialista em RH", "Analista de Segurança",
    "Engenheira de IA", "Coordenador de Projetos", "Consultora de Sucesso do Cliente",
    "Especialista Sênior Regional em Planejamento Estratégico e Desenvolvimento de Negócios", None,
)  # fmt: skip
_DESCRIBED = {
    "etnia": ("parda", "branca", "negra", "asiática", "indígena", "brasileiros", "latina"),
    "pele_tom": ("morena clara", "clara", "negra", "morena", "parda", "oliva"),
    "olhos_cor": ("castanhos escuros", "castanhos", "verdes", "azuis", "pretos"),
    "cabelo_cor": ("castanho escuro", "preto", "loiro", "ruivo", "castanhos claros"),
    "cabelo_comprimento": ("curto", "longo", "médio", "na altura dos ombros"),
    "cabelo_estilo": ("ondulado", "liso", "cacheado", "crespo", "coque", "rabo de cavalo", "profissional"),
    "expressao_facial_padrao": ("confiante", "sorriso caloroso", "séria", "amigável e profissional"),
    "estilo_vestimenta_padrao": ("blazer azul-marinho e camisa branca", "traje social", "terno cinza"),
    "acessorios_permanentes": ("óculos de armação preta", "nenhum", "brincos pequenos", "relógio de prata"),
    "caracteristicas_distintivas": ("covinhas", "sardas", "barba bem aparada", "pinta no queixo"),
}


def persona(**fields: Any) -> Persona:
    return Persona(**{"id": "768e7df2-fc61-424e-9d3a-0123456789ab", "empresa_id": "acme", "name": "Ana", **fields})


def crowd(count: int, *, seed: int = 7, **fields: Any) -> list[Persona]:
    """*count* personas of one company, drawn from what the hosts write; *fields* are the same for all."""
    dice = random.Random(seed)
    return [persona(**{**_columns(dice), **fields}) for _ in range(count)]


def _columns(dice: random.Random) -> dict[str, Any]:
    return {
        "id": str(UUID(int=dice.getrandbits(128), version=4)),
        "gender": dice.choice(GENDERS),
        "nationality": dice.choice(NATIONALITIES),
        "role": dice.choice(ROLES),
        "age": dice.choice((None, dice.randint(18, 80))),
        "experience_years": dice.choice((None, dice.randint(0, 45))),
        "biometrics": dice.choice((None, None, json.dumps(_biometrics(dice), ensure_ascii=False))),
    }


def _biometrics(dice: random.Random) -> dict[str, str]:
    """Some of the keys that the host's own script writes."""
    return {key: dice.choice(values) for key, values in _DESCRIBED.items() if dice.random() < 0.6}


def settle(personas: Iterable[Persona]) -> list[Look]:
    """A look for each, as the store hands them out: the first attempt whose fingerprint is free."""
    taken: dict[str, Look] = {}
    for somebody in personas:
        looks = (draw_look(somebody, attempt=attempt) for attempt in range(100))
        look = next(look for look in looks if look.fingerprint not in taken)
        taken[look.fingerprint] = look
    return list(taken.values())
