"""Maintenance: what a vehicle is due for, by distance, by hours of the engine, by date.

A plan says how often; services that were done are recorded; what a vehicle has run since then is read from its odometer
and its trips. Whichever limit comes first is the one that binds.
"""

from trilha.domain.maintenance.due import Due, DueStatus, Left, due
from trilha.domain.maintenance.errors import PlanHasServices
from trilha.domain.maintenance.events import CameDue, ServiceRecorded
from trilha.domain.maintenance.model import (
    Basis,
    Driven,
    Limit,
    MaintenancePlan,
    Odometer,
    OdometerTrouble,
    ServiceRecord,
    VehicleUsage,
    basis_of,
)
from trilha.domain.maintenance.ports import (
    LOOKED_FOR,
    DueNotices,
    FleetUse,
    MaintenancePlans,
    PlanAndVehicle,
    ServiceRecords,
    Since,
)
from trilha.domain.maintenance.usage import LATELY_DAYS, measure, odometer_trouble

__all__ = [
    "LATELY_DAYS",
    "LOOKED_FOR",
    "Basis",
    "CameDue",
    "Driven",
    "Due",
    "DueNotices",
    "DueStatus",
    "FleetUse",
    "Left",
    "Limit",
    "MaintenancePlan",
    "MaintenancePlans",
    "Odometer",
    "OdometerTrouble",
    "PlanAndVehicle",
    "PlanHasServices",
    "ServiceRecord",
    "ServiceRecorded",
    "ServiceRecords",
    "Since",
    "VehicleUsage",
    "basis_of",
    "due",
    "measure",
    "odometer_trouble",
]
