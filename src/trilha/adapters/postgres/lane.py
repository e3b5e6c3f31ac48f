"""One connection that many reads share: each its own transaction, sent without waiting for the ones before.

On the driver's lowest documented layer (`psycopg.pq`), in pipeline mode for good. A question is five messages: begin,
organisation (local to the transaction, so the next question on the connection starts without one), the statement,
commit, sync. What fails ends at its sync; the transaction that it leaves aborted lets nobody read until it is rolled
back, and questions that come upon it are asked again elsewhere.
"""

import asyncio
import itertools
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from enum import Enum
from typing import Final

import psycopg
from psycopg.errors import error_from_result
from psycopg.pq import ConnStatus, DiagnosticField, ExecStatus
from psycopg.pq.abc import PGresult

from trilha.adapters.postgres.pools import STATEMENT_TIMEOUT_MS, Connection

PREPARED_AT_MOST: Final = 100
"""Statements that a lane keeps prepared; the one that was used least lately makes room."""
PATIENCE_S: Final = 0.25
"""Who waits longer behind somebody else's slow statement is asked elsewhere."""
DEAD_AFTER_S: Final = STATEMENT_TIMEOUT_MS / 1000 + 10
"""The server ends a statement sooner than this; silence beyond it is a connection that nobody told us was lost."""
_BEGIN: Final = b"begin read only"
_SET_ORGANISATION: Final = b"select set_config('trilha.organisation_id', $1, true)"
_COMMIT: Final = b"commit"
_numbers = itertools.count()
"""Of prepared statements: unique, for a connection outlives its lane and may be lent again."""
_ABORTED: Final = b"25P02"
_OF_THE_CONNECTION: Final = (b"57P", b"08", b"0A000", b"26000")
"""Shut down, connection lost; then what a changed schema makes of prepared statements: their result type may not
change, or they do not exist. What else is prepared is stale as well then.
"""


class AskElsewhere(Exception):
    """The lane did not answer, for a reason that lies in the lane. Reading twice harms nobody."""


class _Kind(Enum):
    """What is done with the answer to a question once its sync came."""

    ROWS = "rows"
    PREPARED = "prepared"
    UPKEEP = "upkeep"


class _Question:
    """Messages up to a sync, and who waits for their answer."""

    __slots__ = ("answer", "asked_at", "error", "kind", "rows", "statement")

    def __init__(self, answer: "asyncio.Future[PGresult]", asked_at: float, statement: bytes, kind: _Kind) -> None:
        self.answer = answer
        self.asked_at = asked_at
        self.statement = statement
        self.kind = kind
        self.rows: PGresult | None = None
        self.error: PGresult | None = None


class Lane:
    """Asks and hands out answers. Belongs to one event loop; `on_closed` is called once, when it is of no more use."""

    def __init__(self, connection: Connection, on_closed: Callable[["Lane"], None]) -> None:
        self.connection = connection
        self.usable = True
        """Whether a question would be answered soon; not while a slow one is under way."""
        self.closed = False
        self._pgconn = connection.pgconn
        self._on_closed = on_closed
        self._loop = asyncio.get_running_loop()
        self._moved_at = self._loop.time()
        self._retiring = False
        self._waiting: deque[_Question] = deque()
        self._prepared: OrderedDict[bytes, bytes] = OrderedDict()
        self._writing = False
        self._watch: asyncio.TimerHandle | None = None
        self._pgconn.nonblocking = 1
        self._pgconn.enter_pipeline_mode()
        self._socket = self._pgconn.socket
        self._loop.add_reader(self._socket, self._receive)
        self._begin, self._set_organisation, self._commit = map(
            self._send_prepare, (_BEGIN, _SET_ORGANISATION, _COMMIT)
        )
        self._expect(b"", _Kind.UPKEEP)

    @property
    def load(self) -> int:
        """Questions under way."""
        return len(self._waiting)

    async def ask(self, organisation: bytes, statement: bytes, values: Sequence[bytes | None]) -> PGresult:
        """The statement's rows as the organisation sees them; raises psycopg.Error, AskElsewhere.

        Whoever stops waiting leaves the question on its way; its answer is dropped when it comes.
        """
        try:
            name = self._prepared.get(statement)
            if name is None:
                name = self._prepare(statement)
            else:
                self._prepared.move_to_end(statement)
            send = self._pgconn.send_query_prepared
            send(self._begin, None)
            send(self._set_organisation, (organisation,))
            send(name, values)
            send(self._commit, None)
            question = self._expect(statement, _Kind.ROWS)
        except psycopg.Error as error:
            self.close()
            raise AskElsewhere from error
        except BaseException:
            # half a question must not become the beginning of the next one
            self.close()
            raise
        return await question.answer

    def retire(self) -> None:
        """Answer what is under way, then close."""
        self.usable, self._retiring = False, True
        if not self._waiting:
            self.close()

    def close(self) -> None:
        """Give the connection up; everybody who waits asks elsewhere."""
        if self.closed:
            return
        self.closed, self.usable = True, False
        self._loop.remove_reader(self._socket)
        self._loop.remove_writer(self._socket)
        if self._watch is not None:
            self._watch.cancel()
        try:
            # refused while answers are on their way: they would be taken for those to somebody else's questions
            self._pgconn.exit_pipeline_mode()
            self._pgconn.nonblocking = 0
        except psycopg.Error:
            self._pgconn.finish()
        while self._waiting:
            _turn_away(self._waiting.popleft())
        self._on_closed(self)

    def _prepare(self, statement: bytes) -> bytes:
        """In questions of their own, so that no failure of others can undo it."""
        if len(self._prepared) >= PREPARED_AT_MOST:
            _, forgotten = self._prepared.popitem(last=False)
            self._pgconn.send_query_params(b"deallocate " + forgotten, None)
            self._expect(b"", _Kind.UPKEEP)
        name = self._prepared[statement] = self._send_prepare(statement)
        self._expect(statement, _Kind.PREPARED)
        return name

    def _send_prepare(self, statement: bytes) -> bytes:
        name = b"lane_%d" % next(_numbers)
        self._pgconn.send_prepare(name, statement)
        return name

    def _expect(self, statement: bytes, kind: _Kind) -> _Question:
        question = _Question(self._loop.create_future(), self._loop.time(), statement, kind)
        self._pgconn.pipeline_sync()
        if not self._waiting:
            self._moved_at = question.asked_at
        self._waiting.append(question)
        if self._pgconn.flush():
            self._write_when_possible()
        if self._watch is None:
            self._watch = self._loop.call_later(PATIENCE_S, self._look_after)
        return question

    def _write_when_possible(self) -> None:
        if not self._writing:
            self._writing = True
            self._loop.add_writer(self._socket, self._send)

    def _send(self) -> None:
        try:
            unsent = self._pgconn.flush()
        except psycopg.Error:
            self.close()
            return
        if not unsent:
            self._writing = False
            self._loop.remove_writer(self._socket)

    def _receive(self) -> None:
        """Called by the loop when the server sent something."""
        try:
            self._pgconn.consume_input()
            self._take()
        except psycopg.Error:
            self.close()
        else:
            if self._pgconn.status == ConnStatus.BAD:
                self.close()

    def _take(self) -> None:
        pgconn, waiting = self._pgconn, self._waiting
        ended = False
        while waiting and not pgconn.is_busy():
            result = pgconn.get_result()
            if result is None:
                if ended:
                    raise psycopg.OperationalError("an answer ended before its sync")
                ended = True
                continue
            ended = False
            status = result.status
            if status == ExecStatus.TUPLES_OK:
                waiting[0].rows = result
            elif status == ExecStatus.PIPELINE_SYNC:
                self._settle(waiting.popleft())
            elif status == ExecStatus.FATAL_ERROR:
                waiting[0].error = result

    def _settle(self, question: _Question) -> None:
        self._moved_at = self._loop.time()
        if question.error is not None:
            self._refuse(question, question.error)
        elif question.rows is not None and not question.answer.done():
            question.answer.set_result(question.rows)
        if not self._waiting:
            self.usable = True
            if self._retiring:
                self.close()

    def _refuse(self, question: _Question, error: PGresult) -> None:
        """Tell who waits, and leave neither an aborted transaction nor a statement that fails forever."""
        state = error.error_field(DiagnosticField.SQLSTATE) or b""
        if state.startswith(_OF_THE_CONNECTION):
            _turn_away(question)
            raise psycopg.OperationalError("the connection cannot be used any more")
        if question.kind is not _Kind.ROWS:
            self._prepared.pop(question.statement, None)
        elif state == _ABORTED:
            _turn_away(question)
        else:
            self._pgconn.send_query_params(b"rollback", None)
            self._expect(b"", _Kind.UPKEEP)
            if not question.answer.done():
                question.answer.set_exception(error_from_result(error))

    def _look_after(self) -> None:
        """Free those who wait behind a slow statement, and notice a connection that died in silence."""
        self._watch = None
        if not self._waiting:
            return
        waits_s = self._loop.time() - self._moved_at
        if waits_s > DEAD_AFTER_S:
            self.close()
            return
        if waits_s >= PATIENCE_S:
            self.usable = False
            for question in list(self._waiting)[1:]:
                _turn_away(question)
        self._watch = self._loop.call_later(PATIENCE_S, self._look_after)


def _turn_away(question: _Question) -> None:
    if question.kind is _Kind.ROWS and not question.answer.done():
        question.answer.set_exception(AskElsewhere())
