"""Windows time zones, which MiX names, as IANA zones, which everybody else does.

Follows the `windowsZones` table of Unicode CLDR, territory 001: the city that stands for each Windows zone.
"""

from collections.abc import Mapping
from types import MappingProxyType


def iana_zone(windows_name: str | None) -> str | None:
    """The IANA name of a Windows zone; None where there is none or it is not known here.

    >>> iana_zone("E. South America Standard Time")
    'America/Sao_Paulo'
    """
    return _IANA.get((windows_name or "").strip().casefold())


_AMERICAS = """
Hawaiian Standard Time=Pacific/Honolulu
Aleutian Standard Time=America/Adak
Alaskan Standard Time=America/Anchorage
Pacific Standard Time=America/Los_Angeles
Pacific Standard Time (Mexico)=America/Tijuana
US Mountain Standard Time=America/Phoenix
Mountain Standard Time=America/Denver
Mountain Standard Time (Mexico)=America/Mazatlan
Yukon Standard Time=America/Whitehorse
Central Standard Time=America/Chicago
Central Standard Time (Mexico)=America/Mexico_City
Central America Standard Time=America/Guatemala
Canada Central Standard Time=America/Regina
Easter Island Standard Time=Pacific/Easter
Eastern Standard Time=America/New_York
Eastern Standard Time (Mexico)=America/Cancun
US Eastern Standard Time=America/Indianapolis
Cuba Standard Time=America/Havana
Haiti Standard Time=America/Port-au-Prince
Turks And Caicos Standard Time=America/Grand_Turk
SA Pacific Standard Time=America/Bogota
SA Western Standard Time=America/La_Paz
SA Eastern Standard Time=America/Cayenne
Atlantic Standard Time=America/Halifax
Venezuela Standard Time=America/Caracas
Central Brazilian Standard Time=America/Cuiaba
E. South America Standard Time=America/Sao_Paulo
Bahia Standard Time=America/Bahia
Tocantins Standard Time=America/Araguaina
Pacific SA Standard Time=America/Santiago
Magallanes Standard Time=America/Punta_Arenas
Paraguay Standard Time=America/Asuncion
Argentina Standard Time=America/Buenos_Aires
Montevideo Standard Time=America/Montevideo
Greenland Standard Time=America/Godthab
Saint Pierre Standard Time=America/Miquelon
Newfoundland Standard Time=America/St_Johns
"""

_EUROPE_AND_AFRICA = """
UTC=Etc/UTC
UTC-11=Etc/GMT+11
UTC-09=Etc/GMT+9
UTC-08=Etc/GMT+8
UTC-02=Etc/GMT+2
UTC+12=Etc/GMT-12
UTC+13=Etc/GMT-13
Dateline Standard Time=Etc/GMT+12
Azores Standard Time=Atlantic/Azores
Cape Verde Standard Time=Atlantic/Cape_Verde
GMT Standard Time=Europe/London
Greenwich Standard Time=Atlantic/Reykjavik
W. Europe Standard Time=Europe/Berlin
Central Europe Standard Time=Europe/Budapest
Central European Standard Time=Europe/Warsaw
Romance Standard Time=Europe/Paris
GTB Standard Time=Europe/Bucharest
E. Europe Standard Time=Europe/Chisinau
FLE Standard Time=Europe/Kiev
Kaliningrad Standard Time=Europe/Kaliningrad
Russian Standard Time=Europe/Moscow
Belarus Standard Time=Europe/Minsk
Turkey Standard Time=Europe/Istanbul
Astrakhan Standard Time=Europe/Astrakhan
Russia Time Zone 3=Europe/Samara
Saratov Standard Time=Europe/Saratov
Volgograd Standard Time=Europe/Volgograd
Morocco Standard Time=Africa/Casablanca
W. Central Africa Standard Time=Africa/Lagos
Sao Tome Standard Time=Africa/Sao_Tome
Libya Standard Time=Africa/Tripoli
Namibia Standard Time=Africa/Windhoek
South Africa Standard Time=Africa/Johannesburg
Egypt Standard Time=Africa/Cairo
Sudan Standard Time=Africa/Khartoum
South Sudan Standard Time=Africa/Juba
E. Africa Standard Time=Africa/Nairobi
Mauritius Standard Time=Indian/Mauritius
"""

_ASIA_AND_PACIFIC = """
Jordan Standard Time=Asia/Amman
Middle East Standard Time=Asia/Beirut
Syria Standard Time=Asia/Damascus
West Bank Standard Time=Asia/Hebron
Israel Standard Time=Asia/Jerusalem
Arabic Standard Time=Asia/Baghdad
Arab Standard Time=Asia/Riyadh
Iran Standard Time=Asia/Tehran
Arabian Standard Time=Asia/Dubai
Azerbaijan Standard Time=Asia/Baku
Georgian Standard Time=Asia/Tbilisi
Caucasus Standard Time=Asia/Yerevan
Afghanistan Standard Time=Asia/Kabul
West Asia Standard Time=Asia/Tashkent
Qyzylorda Standard Time=Asia/Qyzylorda
Ekaterinburg Standard Time=Asia/Yekaterinburg
Pakistan Standard Time=Asia/Karachi
India Standard Time=Asia/Calcutta
Sri Lanka Standard Time=Asia/Colombo
Nepal Standard Time=Asia/Katmandu
Central Asia Standard Time=Asia/Bishkek
Bangladesh Standard Time=Asia/Dhaka
Omsk Standard Time=Asia/Omsk
Myanmar Standard Time=Asia/Rangoon
SE Asia Standard Time=Asia/Bangkok
Altai Standard Time=Asia/Barnaul
W. Mongolia Standard Time=Asia/Hovd
North Asia Standard Time=Asia/Krasnoyarsk
N. Central Asia Standard Time=Asia/Novosibirsk
Tomsk Standard Time=Asia/Tomsk
China Standard Time=Asia/Shanghai
North Asia East Standard Time=Asia/Irkutsk
Singapore Standard Time=Asia/Singapore
Taipei Standard Time=Asia/Taipei
Ulaanbaatar Standard Time=Asia/Ulaanbaatar
Transbaikal Standard Time=Asia/Chita
Tokyo Standard Time=Asia/Tokyo
North Korea Standard Time=Asia/Pyongyang
Korea Standard Time=Asia/Seoul
Yakutsk Standard Time=Asia/Yakutsk
Vladivostok Standard Time=Asia/Vladivostok
Sakhalin Standard Time=Asia/Sakhalin
Magadan Standard Time=Asia/Magadan
Russia Time Zone 10=Asia/Srednekolymsk
Russia Time Zone 11=Asia/Kamchatka
W. Australia Standard Time=Australia/Perth
Aus Central W. Standard Time=Australia/Eucla
Cen. Australia Standard Time=Australia/Adelaide
AUS Central Standard Time=Australia/Darwin
E. Australia Standard Time=Australia/Brisbane
AUS Eastern Standard Time=Australia/Sydney
Tasmania Standard Time=Australia/Hobart
Lord Howe Standard Time=Australia/Lord_Howe
West Pacific Standard Time=Pacific/Port_Moresby
Bougainville Standard Time=Pacific/Bougainville
Norfolk Standard Time=Pacific/Norfolk
Central Pacific Standard Time=Pacific/Guadalcanal
New Zealand Standard Time=Pacific/Auckland
Chatham Islands Standard Time=Pacific/Chatham
Fiji Standard Time=Pacific/Fiji
Tonga Standard Time=Pacific/Tongatapu
Samoa Standard Time=Pacific/Apia
Line Islands Standard Time=Pacific/Kiritimati
Marquesas Standard Time=Pacific/Marquesas
"""


def _rows(table: str) -> dict[str, str]:
    pairs = (line.split("=", 1) for line in table.strip().splitlines())
    return {windows.casefold(): iana for windows, iana in pairs}


_IANA: Mapping[str, str] = MappingProxyType(_rows(_AMERICAS) | _rows(_EUROPE_AND_AFRICA) | _rows(_ASIA_AND_PACIFIC))
