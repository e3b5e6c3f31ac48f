"""Brazilian words for the simulated company. All people, plates and addresses are invented."""

GIVEN = (
    "João", "Antônio", "José", "Conceição", "Luís", "Márcia", "Sebastião", "Érica", "Ângela", "Cícero", "Fábio",
    "Júlia", "Otávio", "Patrícia", "Raimundo", "Simão", "Tânia", "Vinícius", "Zuleide", "Íris", "Ubirajara", "Flávia",
)  # fmt: skip
FAMILY = (
    "da Silva", "de Araújo", "Gonçalves", "Brandão", "Falcão", "de Assunção", "Simões", "Guimarães", "Magalhães",
    "d'Ávila", "Conceição", "Nóbrega", "Sá", "Peçanha", "Lourenço", "Mourão", "Cândido", "Muñoz", "Quintão", "Içara",
)  # fmt: skip
SITES = (
    ("Garagem Norte", ("Sobradinho", "Planaltina")),
    ("Garagem Sul", ("Gama", "Santa Maria", "Riacho Fundo")),
    ("Garagem Oeste", ("Ceilândia", "Brazlândia", "Águas Claras")),
)
ADDRESSES = (
    "Eixo Exemplo Sul, Brasília", "Avenida das Paineiras, São Sebastião", "Via Estrutural, km 4, Guará",
    "Rua 12, Ceilândia Norte", "Avenida Hélio Prates, Taguatinga", "Rodovia DF-003, Núcleo Bandeirante",
    "Estação de Integração Ipê, Santa Maria", "Praça do Cidadão, Ceilândia", "Quadra 7, Conjunto B, Paranoá",
    "Terminal Asa Norte, Plataforma 3, Brasília",
)  # fmt: skip
MODELS = (
    ("Mercedes-Benz", "OF-1721"), ("Mercedes-Benz", "O-500 UA"), ("Volvo", "B270F"), ("Scania", "K 310"),
    ("Volkswagen", "17.230 OD"),
)  # fmt: skip
