"""What reports about performance are called, and their columns, in Brazilian Portuguese and in English."""

from typing import Final

from trilha.domain.performance import Band, Severity, StayKind, Unscored
from trilha.domain.reporting import Column, ColumnKind

_PT, _EN = "pt-BR", "en"

TITLES: Final = {
    "infractions": {_PT: "Infrações do motorista", _EN: "Infractions of a driver"},
    "group_infractions": {_PT: "Infrações por motorista", _EN: "Infractions by driver"},
    "ranking": {_PT: "Classificação de motoristas", _EN: "Ranking of drivers"},
    "driver_days": {_PT: "Dias dos motoristas", _EN: "Days of drivers"},
    "vehicle_days": {_PT: "Dias dos veículos", _EN: "Days of vehicles"},
    "trips": {_PT: "Viagens", _EN: "Trips"},
    "stops": {_PT: "Paradas", _EN: "Stops"},
    "idling": {_PT: "Marcha lenta", _EN: "Idling"},
    "utilisation": {_PT: "Utilização dos veículos", _EN: "Utilisation of vehicles"},
}
"""The kinds of report, by their names in addresses."""

_INT, _DEC, _SEC = ColumnKind.INTEGER, ColumnKind.DECIMAL, ColumnKind.SECONDS
_COLUMNS: Final[dict[str, tuple[str, str, ColumnKind]]] = {
    "infraction": ("Infração", "Infraction", ColumnKind.TEXT),
    "total": ("Total", "Total", _INT),
    "severity": ("Gravidade", "Severity", ColumnKind.TEXT),
    "driver_id": ("Código do motorista", "Driver id", ColumnKind.TEXT),
    "driver": ("Motorista", "Driver", ColumnKind.TEXT),
    "badge": ("Matrícula", "Badge", ColumnKind.TEXT),
    "vehicle_id": ("Código do veículo", "Vehicle id", ColumnKind.TEXT),
    "vehicle": ("Veículo", "Vehicle", ColumnKind.TEXT),
    "plate": ("Placa", "Plate", ColumnKind.TEXT),
    "fleet_number": ("Prefixo", "Fleet number", ColumnKind.TEXT),
    "rank": ("Posição", "Rank", _INT),
    "score": ("Pontuação", "Score", _DEC),
    "band": ("Faixa", "Band", ColumnKind.TEXT),
    "percentile": ("Percentil", "Percentile", _DEC),
    "to_median": ("Diferença da mediana", "Difference to median", _DEC),
    "unscored": ("Sem pontuação porque", "No score because", ColumnKind.TEXT),
    "day": ("Dia", "Day", ColumnKind.DAY),
    "days_used": ("Dias em uso", "Days used", _INT),
    "trips": ("Viagens", "Trips", _INT),
    "distance_km": ("Distância (km)", "Distance (km)", _DEC),
    "driving_s": ("Tempo em movimento", "Driving time", _SEC),
    "standing_s": ("Motor ligado parado", "Idling time", _SEC),
    "engine_s": ("Motor ligado", "Engine time", _SEC),
    "idling_percent": ("Parado com motor ligado (%)", "Idling (%)", _DEC),
    "first_departure": ("Primeira saída", "First departure", ColumnKind.TIME),
    "last_arrival": ("Última chegada", "Last arrival", ColumnKind.TIME),
    "began_at": ("Início", "Began", ColumnKind.TIME),
    "ended_at": ("Fim", "Ended", ColumnKind.TIME),
    "duration_s": ("Duração", "Duration", _SEC),
    "stop_kind": ("Tipo", "Kind", ColumnKind.TEXT),
    "stops": ("Paradas", "Stops", _INT),
    "longest_stop_s": ("Maior parada", "Longest stop", _SEC),
    "fuel_l": ("Combustível (l)", "Fuel (l)", _DEC),
    "max_speed_kmh": ("Velocidade máxima (km/h)", "Top speed (km/h)", _DEC),
    "utilisation_percent": ("Utilização (%)", "Utilisation (%)", _DEC),
    "overlap_s": ("Tempo sobreposto", "Overlapping time", _SEC),
    "suspect_trips": ("Viagens suspeitas", "Suspect trips", _INT),
    "start_latitude_deg": ("Latitude inicial", "Start latitude", _DEC),
    "start_longitude_deg": ("Longitude inicial", "Start longitude", _DEC),
    "end_latitude_deg": ("Latitude final", "End latitude", _DEC),
    "end_longitude_deg": ("Longitude final", "End longitude", _DEC),
    "latitude_deg": ("Latitude", "Latitude", _DEC),
    "longitude_deg": ("Longitude", "Longitude", _DEC),
}
_FACTS: Final = {
    "analysed": ("Período analisado", "Analysed days"),
    "driver": ("Motorista", "Driver"),
    "badge": ("Matrícula", "Badge"),
    "vehicle": ("Veículo", "Vehicle"),
    "total": ("Total de ocorrências", "Occurrences in all"),
    "unclassified": ("Ocorrências de tipos sem classificação, não contadas", "Of unclassified types, not counted"),
    "empty": ("Resultado", "Result"),
    "policy": ("Método", "Policy"),
    "median": ("Mediana", "Median"),
    "min_distance_km": ("Distância mínima (km)", "Least distance (km)"),
}
_WORDS: Final = {
    Severity.LOW: ("Baixa", "Low"),
    Severity.MEDIUM: ("Média", "Medium"),
    Severity.HIGH: ("Alta", "High"),
    Band.LOW_RISK: ("Risco baixo", "Low risk"),
    Band.MILD_RISK: ("Risco leve", "Mild risk"),
    Band.MEDIUM_RISK: ("Risco médio", "Medium risk"),
    Band.HIGH_RISK: ("Risco alto", "High risk"),
    Band.GREEN: ("Verde", "Green"),
    Band.AMBER: ("Amarelo", "Amber"),
    Band.RED: ("Vermelho", "Red"),
    Unscored.NOT_A_PERSON: ("não é uma pessoa", "not a person"),
    Unscored.NO_DISTANCE: ("nenhuma distância percorrida", "no distance driven"),
    Unscored.TOO_SHORT: ("distância abaixo da mínima", "distance below the least"),
    StayKind.PARKED: ("Estacionado", "Parked"),
    StayKind.IDLING: ("Motor ligado", "Idling"),
}
_NO_INFRACTIONS: Final = {
    _PT: "Nenhuma infração registrada no período analisado.",
    _EN: "No infractions were recorded in the analysed days.",
}


def columns(language: str, *keys: str) -> tuple[Column, ...]:
    """Columns by their keys."""
    return tuple(Column(key, _of(_COLUMNS[key], language), _COLUMNS[key][2]) for key in keys)


def fact(language: str, key: str, value: object) -> tuple[str, str]:
    """A label with its value."""
    return _of(_FACTS[key], language), str(value)


def word(language: str, value: Severity | Band | Unscored | StayKind) -> str:
    """A value of ours as people say it."""
    return _of(_WORDS[value], language)


def no_infractions(language: str) -> str:
    """What a report says that has nothing to show."""
    return _NO_INFRACTIONS[language]


def _of(words: tuple[str, ...], language: str) -> str:
    return words[0] if language == _PT else words[1]
