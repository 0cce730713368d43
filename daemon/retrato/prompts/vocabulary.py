"""
The words of the hosts and their English, since the model's text encoder was trained on English only.

Keys are lower case without accents, masculine singular where there is a choice: ``translate.py`` finds the
other forms. To teach a word, add a line; whatever is missing passes through as it was written.
"""

UNSAID = frozenset({
    "", "-", "n/a", "na", "nd", "null", "none", "undefined", "unknown", "a definir", "desconhecido",
    "nao definido", "nao informado", "nao se aplica", "nao especificado", "nenhum", "outro", "outros",
    "other", "diverso",
})  # fmt: skip
"""What people write where they have nothing to say."""

NOUNS = {
    "masculino": "man", "masc": "man", "m": "man", "male": "man", "man": "man", "homem": "man", "h": "man",
    "mr": "man", "sr": "man", "ms": "woman", "mrs": "woman", "sra": "woman", "homens": "man", "mulheres": "woman",
    "feminino": "woman", "fem": "woman", "f": "woman", "female": "woman", "woman": "woman",
    "mulher": "woman", "nao-binario": "non-binary person", "nao binario": "non-binary person",
    "non-binary": "non-binary person", "nonbinary": "non-binary person", "non binary": "non-binary person",
    "nb": "non-binary person", "genero fluido": "non-binary person", "agenero": "non-binary person",
    "enby": "non-binary person",
}  # fmt: skip
"""Gender to the noun of the portrait. Unknown ones become a *person*: nobody is a woman by default."""

NATIONALITIES = {
    # The host's group keys come in the plural: brasileiros, asiaticos, nordicos …
    "africano": "African", "arabe": "Arab", "asiatico": "Asian", "europeu": "European",
    "latino": "Latin American", "latino-americano": "Latin American", "nordico": "Nordic",
    "escandinavo": "Scandinavian", "caribenho": "Caribbean", "brasileiro": "Brazilian",
    "brasil": "Brazilian", "br": "Brazilian", "brazil": "Brazilian", "portugues": "Portuguese",
    "portugal": "Portuguese", "americano": "American", "norte-americano": "American",
    "estadunidense": "American", "estados unidos": "American", "eua": "American", "usa": "American",
    "us": "American", "mexicano": "Mexican", "mexico": "Mexican", "canadense": "Canadian",
    "canada": "Canadian", "argentino": "Argentine", "argentina": "Argentine", "chileno": "Chilean",
    "chile": "Chilean", "colombiano": "Colombian", "colombia": "Colombian", "peruano": "Peruvian",
    "peru": "Peruvian", "uruguaio": "Uruguayan", "uruguai": "Uruguayan", "paraguaio": "Paraguayan",
    "paraguai": "Paraguayan", "venezuelano": "Venezuelan", "venezuela": "Venezuelan",
    "boliviano": "Bolivian", "bolivia": "Bolivian", "equatoriano": "Ecuadorian", "equador": "Ecuadorian",
    "cubano": "Cuban", "cuba": "Cuban", "haitiano": "Haitian", "espanhol": "Spanish", "espanha": "Spanish",
    "frances": "French", "franca": "French", "italiano": "Italian", "italia": "Italian", "alemao": "German",
    "alemanha": "German", "ingles": "English", "inglaterra": "English", "britanico": "British",
    "reino unido": "British", "irlandes": "Irish", "irlanda": "Irish", "escoces": "Scottish",
    "holandes": "Dutch", "holanda": "Dutch", "belga": "Belgian", "belgica": "Belgian", "suico": "Swiss",
    "suica": "Swiss", "austriaco": "Austrian", "austria": "Austrian", "sueco": "Swedish",
    "suecia": "Swedish", "noruegues": "Norwegian", "noruega": "Norwegian", "dinamarques": "Danish",
    "dinamarca": "Danish", "finlandes": "Finnish", "finlandia": "Finnish", "polones": "Polish",
    "polonia": "Polish", "russo": "Russian", "russia": "Russian", "ucraniano": "Ukrainian",
    "ucrania": "Ukrainian", "grego": "Greek", "grecia": "Greek", "turco": "Turkish", "turquia": "Turkish",
    "hungaro": "Hungarian", "romeno": "Romanian", "tcheco": "Czech", "indiano": "Indian", "india": "Indian",
    "chines": "Chinese", "china": "Chinese", "japones": "Japanese", "japao": "Japanese",
    "coreano": "Korean", "sul-coreano": "South Korean", "coreia do sul": "South Korean",
    "vietnamita": "Vietnamese", "filipino": "Filipino", "filipinas": "Filipino", "tailandes": "Thai",
    "indonesio": "Indonesian", "paquistanes": "Pakistani", "iraniano": "Iranian", "libanes": "Lebanese",
    "libano": "Lebanese", "sirio": "Syrian", "israelense": "Israeli", "israel": "Israeli",
    "egipcio": "Egyptian", "egito": "Egyptian", "marroquino": "Moroccan", "marrocos": "Moroccan",
    "saudita": "Saudi", "nigeriano": "Nigerian", "nigeria": "Nigerian", "angolano": "Angolan",
    "angola": "Angolan", "mocambicano": "Mozambican", "mocambique": "Mozambican",
    "cabo-verdiano": "Cape Verdean", "sul-africano": "South African", "africa do sul": "South African",
    "queniano": "Kenyan", "ganes": "Ghanaian", "australiano": "Australian", "australia": "Australian",
    "neozelandes": "New Zealander",
}  # fmt: skip
"""Demonyms, countries and the host's group keys."""

TITLES = {
    "administrador": "{} administrator", "advogado": "{} lawyer", "agente": "{} agent",
    "ajudante": "{} assistant", "analista": "{} analyst", "arquiteto": "{} architect",
    "assessor": "{} adviser", "assistente": "{} assistant", "atendente": "{} attendant",
    "auditor": "{} auditor", "auxiliar": "{} assistant", "bibliotecario": "librarian",
    "biologo": "biologist", "chefe": "head of {}", "cientista": "{} scientist", "comprador": "{} buyer",
    "conselheiro": "{} counsellor", "consultor": "{} consultant", "contador": "{} accountant",
    "coordenador": "{} coordinator", "corretor": "{} broker", "cozinheiro": "{} cook",
    "dentista": "dentist", "desenvolvedor": "{} developer", "designer": "{} designer",
    "diretor": "{} director", "diretor executivo": "{} chief executive",
    "diretor geral": "{} managing director", "economista": "economist", "editor": "{} editor",
    "eletricista": "electrician", "encarregado": "{} supervisor", "enfermeiro": "{} nurse",
    "engenheiro": "{} engineer", "especialista": "{} specialist", "estagiario": "{} intern",
    "executivo": "{} executive", "farmaceutico": "pharmacist", "fisioterapeuta": "physiotherapist",
    "fotografo": "photographer", "fundador": "{} founder", "gerente": "{} manager",
    "gerente geral": "{} general manager", "gestor": "{} manager", "guia": "{} guide", "head": "head of {}",
    "instrutor": "{} instructor", "jornalista": "{} journalist", "lider": "{} lead",
    "mecanico": "{} mechanic", "medico": "{} doctor", "mentor": "{} mentor", "motorista": "{} driver",
    "nutricionista": "nutritionist", "operador": "{} operator", "orientador": "{} adviser",
    "pedagogo": "educator", "pesquisador": "{} researcher", "piloto": "{} pilot",
    "presidente": "president of {}", "procurador": "{} attorney", "produtor": "{} producer",
    "professor": "{} teacher", "programador": "{} programmer", "psicologo": "{} psychologist",
    "recepcionista": "{} receptionist", "recrutador": "{} recruiter", "redator": "{} writer",
    "representante": "{} representative", "responsavel": "{} officer", "secretario": "{} secretary",
    "secretario executivo": "{} executive secretary", "socio": "{} partner",
    "socio-fundador": "{} founding partner", "socio-diretor": "{} managing partner",
    "supervisor": "{} supervisor", "tecnico": "{} technician", "tesoureiro": "treasurer",
    "testador": "{} tester", "tradutor": "{} translator", "treinador": "{} trainer", "tutor": "{} tutor",
    "vendedor": "{} salesperson", "veterinario": "veterinarian", "vice-presidente": "vice president of {}",
    "vice presidente": "vice president of {}",
}  # fmt: skip
"""What a role begins with in Portuguese, and where its field stands in English."""

RANKS = {
    "adjunto": "deputy", "chefe": "chief", "executivo": "executive", "geral": "general", "global": "global",
    "junior": "junior", "jr": "junior", "nacional": "national", "pleno": "mid-level", "pl": "mid-level",
    "principal": "principal", "regional": "regional", "senior": "senior", "sr": "senior",
}  # fmt: skip
"""Adjectives that come first in English, wherever they stood."""

FIELDS = {
    "administracao": "administration", "administrativo": "administrative", "agronomo": "agricultural",
    "ambiental": "environmental", "aprendizado de maquina": "machine learning", "arte": "art",
    "atendimento": "service", "atendimento ao cliente": "customer service", "automacao": "automation",
    "backend": "back-end", "banco de dados": "database", "cadeia de suprimentos": "supply chain",
    "civil": "civil", "cliente": "customer", "comercial": "commercial", "compliance": "compliance",
    "compra": "purchasing", "comunicacao": "communications", "comunidade": "community", "conta": "account",
    "contabil": "accounting", "contabilidade": "accounting", "conteudo": "content",
    "controladoria": "controlling", "criacao": "creative", "criativo": "creative", "dado": "data",
    "desenvolvimento": "development", "desenvolvimento de negocio": "business development",
    "digital": "digital", "diversidade": "diversity", "educacao": "education", "eletrico": "electrical",
    "endomarketing": "internal marketing", "ensino": "teaching", "estrategia": "strategy",
    "estrategico": "strategic", "evento": "event", "experiencia do cliente": "customer experience",
    "faturamento": "billing", "financa": "finance", "financeiro": "financial", "fiscal": "tax",
    "formacao": "training", "frontend": "front-end", "gestao": "management",
    "gestao de pessoas": "people management", "governanca": "governance", "grafico": "graphic",
    "imoveis": "real-estate", "imprensa": "press", "industrial": "industrial",
    "infraestrutura": "infrastructure", "inovacao": "innovation",
    "inteligencia artificial": "artificial intelligence", "ia": "AI",
    "inteligencia de mercado": "market intelligence", "investimento": "investment", "juridico": "legal",
    "logistica": "logistics", "loja": "store", "manutencao": "maintenance", "marca": "brand",
    "marketing": "marketing", "marketing digital": "digital marketing", "mecanico": "mechanical",
    "meio ambiente": "environment", "mercado": "market", "midia": "media", "midias sociais": "social media",
    "redes sociais": "social media", "negocio": "business", "novos negocios": "new business",
    "nuvem": "cloud", "operacao": "operations", "operacional": "operations", "parceria": "partnership",
    "pedagogico": "educational", "pesquisa": "research",
    "pesquisa e desenvolvimento": "research and development", "pessoa": "people",
    "planejamento": "planning", "planejamento estrategico": "strategic planning",
    "pos-venda": "after-sales", "pre-venda": "pre-sales", "processo": "process", "producao": "production",
    "produto": "product", "projeto": "project", "publicidade": "advertising", "qualidade": "quality",
    "rede": "network", "recrutamento": "recruitment", "recrutamento e selecao": "recruitment",
    "recursos humanos": "human resources", "rh": "HR", "relacionamento": "relationship",
    "relacoes publicas": "public relations", "risco": "risk", "saude": "health", "seguranca": "security",
    "seguranca da informacao": "information security", "seguranca do trabalho": "workplace safety",
    "servico": "service", "servicos": "services", "sistema": "systems", "social": "social",
    "solucao": "solutions", "sociais": "social", "software": "software",
    "sucesso do cliente": "customer success", "suporte": "support", "suporte tecnico": "technical support",
    "sustentabilidade": "sustainability", "tecnico": "technical", "tecnologia": "technology",
    "tecnologia da informacao": "information technology", "ti": "IT",
    "telecomunicacao": "telecommunications", "tesouraria": "treasury", "teste": "test",
    "trafego": "traffic", "trafego pago": "paid media", "transformacao digital": "digital transformation",
    "treinamento": "training", "turismo": "tourism", "venda": "sales", "virtual": "virtual",
    "visual": "visual",
}  # fmt: skip
"""Fields of work, nouns and adjectives, also of several words."""

DROPPED = frozenset({"de", "da", "do", "das", "dos", "em", "na", "no", "nas", "nos", "para", "a", "o", "ao", "of"})
"""Small words between a title and its field."""
