"""The kinds of reports there are, as people choose among them: what each is about and what it can be narrowed to."""

from enum import StrEnum

import msgspec

from trilha.domain.kernel import InvalidValue
from trilha.domain.reporting.model import ReportRequest


class Filter(StrEnum):
    """What a report can be narrowed to, by its name in a request."""

    DRIVER = "driver_id"
    VEHICLE = "vehicle_id"
    GROUP = "group_id"


class Words(msgspec.Struct, frozen=True, rename={"pt_br": "pt-BR"}):
    """A text in every language that reports speak."""

    pt_br: str
    en: str


class ReportKind(msgspec.Struct, frozen=True, kw_only=True):
    """A kind by its name. It takes no filter but those named here, and cannot do without those in `needs`."""

    kind: str
    title: Words
    about: Words
    takes: tuple[Filter, ...] = ()
    needs: tuple[Filter, ...] = ()
    takes_reference: bool = False
    """Whether its days can be named by one: the two months before it, and its own month up to it."""

    def check(self, request: ReportRequest) -> None:
        """Refuse what the kind has no use for, and what lacks something; raises InvalidValue."""
        narrowed = [one for one in Filter if getattr(request, one.value) is not None]
        if len(narrowed) > 1:
            given = str(getattr(request, narrowed[1].value))
            raise InvalidValue(narrowed[1].value, given, f"none beside {narrowed[0].value}: one at a time")
        for one in Filter:
            given = getattr(request, one.value)
            if given is not None and one not in self.takes:
                known = " or ".join(self.takes) or "nothing but days"
                raise InvalidValue(one.value, str(given), f"none: {self.kind} is narrowed by {known}")
            if given is None and one in self.needs:
                raise InvalidValue(one.value, None, f"an id such as 4711: {self.kind} is about one at a time")


_ANY_DRIVER = (Filter.DRIVER, Filter.GROUP)
_ANY_VEHICLE = (Filter.VEHICLE, Filter.GROUP)
_ANYTHING = (Filter.DRIVER, Filter.VEHICLE, Filter.GROUP)

KINDS: tuple[ReportKind, ...] = (
    ReportKind(
        kind="infractions",
        title=Words("Infrações do motorista", "Driver's infractions"),
        about=Words(
            "Infrações de um motorista por tipo: os meses inteiros e as semanas do último mês.",
            "One driver's infractions by type: the whole months, and the weeks of the last one.",
        ),
        takes=(Filter.DRIVER,),
        needs=(Filter.DRIVER,),
        takes_reference=True,
    ),
    ReportKind(
        kind="group_infractions",
        title=Words("Infrações por motorista", "Infractions by driver"),
        about=Words(
            "Infrações de cada motorista de um grupo, ou de todos, por tipo.",
            "Infractions of each driver of a group, or of all, by type.",
        ),
        takes=(Filter.GROUP,),
        takes_reference=True,
    ),
    ReportKind(
        kind="ranking",
        title=Words("Classificação de motoristas", "Ranking of drivers"),
        about=Words(
            "Motoristas pela sua pontuação, com os pontos perdidos e a distância.",
            "Drivers by their score, with the points lost and the distance.",
        ),
        takes=(Filter.GROUP,),
    ),
    ReportKind(
        kind="driver_days",
        title=Words("Jornadas dos motoristas", "Drivers' days"),
        about=Words(
            "O que cada motorista fez em cada dia: viagens, distância, tempo ao volante e parado.",
            "What each driver did on each day: trips, distance, time driving and standing.",
        ),
        takes=_ANY_DRIVER,
    ),
    ReportKind(
        kind="vehicle_days",
        title=Words("Dias dos veículos", "Vehicles' days"),
        about=Words(
            "O que cada veículo fez em cada dia: viagens, distância, horas de motor e combustível.",
            "What each vehicle did on each day: trips, distance, engine hours and fuel.",
        ),
        takes=_ANY_VEHICLE,
    ),
    ReportKind(
        kind="trips",
        title=Words("Viagens", "Trips"),
        about=Words("Cada viagem, com início, fim e distância.", "Every trip with its beginning, end and distance."),
        takes=_ANYTHING,
    ),
    ReportKind(
        kind="stops",
        title=Words("Paradas", "Stops"),
        about=Words("Onde e por quanto tempo um veículo parou.", "Where a vehicle stood, and for how long."),
        takes=_ANY_VEHICLE,
    ),
    ReportKind(
        kind="idling",
        title=Words("Marcha lenta", "Idling"),
        about=Words("Tempo com motor ligado e veículo parado.", "Time with the engine on and the vehicle at rest."),
        takes=_ANY_VEHICLE,
    ),
    ReportKind(
        kind="utilisation",
        title=Words("Utilização da frota", "Use of the fleet"),
        about=Words(
            "Que parte do tempo cada veículo esteve em uso.", "What share of the time each vehicle was in use."
        ),
        takes=_ANY_VEHICLE,
    ),
    ReportKind(
        kind="geofence_visits",
        title=Words("Visitas a cercas", "Visits to geofences"),
        about=Words(
            "Entradas, saídas e permanência de cada veículo em cada cerca.",
            "When each vehicle entered and left each geofence, and how long it stayed.",
        ),
        takes=_ANYTHING,
    ),
    ReportKind(
        kind="alerts",
        title=Words("Alertas", "Alerts"),
        about=Words(
            "Alertas, com quem os reconheceu e quando se resolveram.",
            "Alerts, with when they were acknowledged and resolved.",
        ),
        takes=_ANYTHING,
    ),
    ReportKind(
        kind="maintenance",
        title=Words("Manutenção", "Maintenance"),
        about=Words(
            "O que cada veículo tem a fazer, o mais urgente primeiro: como está hoje, quaisquer que sejam os dias.",
            "What each vehicle is due for, the most urgent first: as it stands today, whatever the days.",
        ),
        takes=_ANY_VEHICLE,
    ),
)
"""In the order in which people meet them."""

_BY_NAME = {one.kind: one for one in KINDS}


def kind_of(name: str) -> ReportKind:
    """The kind of that name; raises InvalidValue with those there are."""
    try:
        return _BY_NAME[name]
    except KeyError:
        raise InvalidValue("kind", name, "one of " + ", ".join(_BY_NAME)) from None
