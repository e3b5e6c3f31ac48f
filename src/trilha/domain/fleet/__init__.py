"""The fleet: who drives what, and what an event means.

Groups, drivers, vehicles and event types are the source's master data, kept by its signed 64-bit ids. What vanishes
from the source becomes inactive, never deleted. Special driver records are kept and flagged: they are no people.
"""

from trilha.domain.fleet.classification import STOCK, Classification, classify
from trilha.domain.fleet.events import EventTypeClassified, MasterDataSynced
from trilha.domain.fleet.model import (
    MASTER_KINDS,
    Driver,
    DriverKind,
    EventType,
    Group,
    MasterKind,
    MasterRecord,
    Vehicle,
)
from trilha.domain.fleet.ports import FleetSource, MasterData, MasterList, SourceOrganisation
from trilha.domain.fleet.reclassification import ClassificationChange, reclassified, reclassify
from trilha.domain.fleet.special_drivers import driver_kind
from trilha.domain.fleet.sync import MasterChanges, SourceAnsweredNothing, plan_sync

__all__ = [
    "MASTER_KINDS",
    "STOCK",
    "Classification",
    "ClassificationChange",
    "Driver",
    "DriverKind",
    "EventType",
    "EventTypeClassified",
    "FleetSource",
    "Group",
    "MasterChanges",
    "MasterData",
    "MasterDataSynced",
    "MasterKind",
    "MasterList",
    "MasterRecord",
    "SourceAnsweredNothing",
    "SourceOrganisation",
    "Vehicle",
    "classify",
    "driver_kind",
    "plan_sync",
    "reclassified",
    "reclassify",
]
