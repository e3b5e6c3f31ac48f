"""What people may ask about their data, and until when it has to be answered (LGPD art. 18 and 19).

received --take on--> in_progress --complete--> completed
    |                     |--refuse (with a reason)--> refused
    `--complete, refuse---'                 received, in_progress --withdraw--> withdrawn
"""

from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

import msgspec

from trilha.domain.identity.errors import RequestSettled
from trilha.domain.kernel import InvalidValue, OrganisationId, UserId

ANSWER_WITHIN = timedelta(days=15)
"""LGPD art. 19, II: a complete declaration within fifteen days of the request. The same is promised for the others."""
WARN_BEFORE = timedelta(days=5)


class RequestKind(StrEnum):
    """The rights of art. 18, by what is to be done."""

    CONFIRM = "confirm"
    ACCESS = "access"
    CORRECT = "correct"
    ANONYMISE = "anonymise"
    ERASE = "erase"
    PORT = "port"
    REVOKE_CONSENT = "revoke_consent"


class RequestStatus(StrEnum):
    """The last three are ends."""

    RECEIVED = "received"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class RefusalReason(StrEnum):
    """Why the law lets, or makes, us keep or not hand out what was asked for (art. 16, art. 18 par. 4)."""

    NOT_THE_SUBJECT = "not_the_subject"
    LEGAL_OBLIGATION = "legal_obligation"
    NO_DATA = "no_data"
    OTHERS_RIGHTS = "others_rights"


OPEN = (RequestStatus.RECEIVED, RequestStatus.IN_PROGRESS)


class DataRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What a person asked for, and how it stands."""

    id: UUID
    organisation_id: OrganisationId
    user_id: UserId
    kind: RequestKind
    received_at: datetime
    due_at: datetime
    status: RequestStatus = RequestStatus.RECEIVED
    handled_by: UserId | None = None
    settled_at: datetime | None = None
    refused_because: RefusalReason | None = None
    version: int = 1

    @property
    def is_open(self) -> bool:
        """Whether it waits for an answer."""
        return self.status in OPEN

    def is_overdue(self, now: datetime) -> bool:
        """Whether the answer is late."""
        return now > self.due_at if self.settled_at is None else self.settled_at > self.due_at

    def is_pressing(self, now: datetime) -> bool:
        """Whether it has to be answered within WARN_BEFORE, or should have been."""
        return self.is_open and now >= self.due_at - WARN_BEFORE


class TakeOnRequest(msgspec.Struct, frozen=True):
    """Somebody sees to it."""

    by: UserId


class CompleteRequest(msgspec.Struct, frozen=True):
    """It was done as asked."""

    by: UserId


class RefuseRequest(msgspec.Struct, frozen=True):
    """It cannot be done, for a reason that the person is told."""

    by: UserId
    because: RefusalReason


class WithdrawRequest(msgspec.Struct, frozen=True):
    """The person does not want it any more."""

    by: UserId


RequestCommand = TakeOnRequest | CompleteRequest | RefuseRequest | WithdrawRequest


class RequestMoved(msgspec.Struct, frozen=True):
    """It stands otherwise now."""

    status: RequestStatus
    by: UserId
    at: datetime
    because: RefusalReason | None = None


def receive_request(
    key: UUID, organisation_id: OrganisationId, user_id: UserId, kind: RequestKind, now: datetime
) -> DataRequest:
    """A new request, due fifteen days from now."""
    return DataRequest(
        id=key,
        organisation_id=organisation_id,
        user_id=user_id,
        kind=kind,
        received_at=now,
        due_at=now + ANSWER_WITHIN,
    )


def decide_request(request: DataRequest, command: RequestCommand, now: datetime) -> tuple[RequestMoved, ...]:
    """What a command brings about; nothing where it stands so already. Raises RequestSettled, InvalidValue."""
    moved = _moved(request, command, now)
    if not request.is_open:
        if (request.status, request.refused_because) == (moved.status, moved.because):
            return ()
        raise RequestSettled(f"request {request.id} is {request.status} already")
    same = moved.status is request.status and moved.by == request.handled_by
    return () if same else (moved,)


def evolve_request(request: DataRequest, event: RequestMoved) -> DataRequest:
    """The next version."""
    settled = event.status not in OPEN
    by_subject = event.status is RequestStatus.WITHDRAWN
    return msgspec.structs.replace(
        request,
        status=event.status,
        handled_by=request.handled_by if by_subject else event.by,
        settled_at=event.at if settled else None,
        refused_because=event.because,
        version=request.version + 1,
    )


def _moved(request: DataRequest, command: RequestCommand, now: datetime) -> RequestMoved:
    match command:
        case TakeOnRequest(by):
            return RequestMoved(RequestStatus.IN_PROGRESS, by, now)
        case CompleteRequest(by):
            return RequestMoved(RequestStatus.COMPLETED, by, now)
        case RefuseRequest(by, because):
            return RequestMoved(RequestStatus.REFUSED, by, now, because)
        case WithdrawRequest(by):
            if by != request.user_id:
                raise InvalidValue("by", str(by), "the person who asked")
            return RequestMoved(RequestStatus.WITHDRAWN, by, now)
