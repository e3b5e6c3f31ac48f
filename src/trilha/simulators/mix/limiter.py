"""The call quota of section 4: fixed windows per client id, here by the simulator's clock."""

from datetime import datetime

from msgspec import Struct

from trilha.simulators.mix.scenario import Behaviour

_MINUTE_S = 60
_HOUR_S = 3600


class _Window(Struct):
    starts_s: float
    calls: int = 0


class RateLimiter:
    """Counts calls; a window opens at the first call after the last one ended. Refused calls are not counted."""

    def __init__(self) -> None:
        self._windows: dict[tuple[str, int], _Window] = {}

    def seconds_to_wait(self, client_id: str, behaviour: Behaviour, now: datetime) -> int:
        """Zero when the call may pass, which is then counted; else whole seconds until the fuller window ends."""
        now_s = now.timestamp()
        windows = self._limited(client_id, behaviour, now_s)
        others = behaviour.shared_tool_calls_per_minute / _MINUTE_S
        waits = [
            window.starts_s + length_s - now_s
            for window, length_s, most in windows
            if window.calls + int((now_s - window.starts_s) * others) >= most
        ]
        if waits:
            return max(1, -int(-max(waits) // 1))
        for window, _, _ in windows:
            window.calls += 1
        return 0

    def spend(self, client_id: str, calls: int, behaviour: Behaviour, now: datetime) -> None:
        """Count calls that another tool with the same credentials made just now."""
        for window, _, _ in self._limited(client_id, behaviour, now.timestamp()):
            window.calls += calls

    def reset(self) -> None:
        """Forget all calls."""
        self._windows.clear()

    def _limited(self, client_id: str, behaviour: Behaviour, now_s: float) -> list[tuple[_Window, int, int]]:
        """The open windows, their lengths in seconds and the most calls in each."""
        limits = ((_MINUTE_S, behaviour.calls_per_minute), (_HOUR_S, behaviour.calls_per_hour))
        return [(self._window(client_id, length_s, now_s), length_s, most) for length_s, most in limits if most]

    def _window(self, client_id: str, length_s: int, now_s: float) -> _Window:
        window = self._windows.get((client_id, length_s))
        if window is None or not window.starts_s <= now_s < window.starts_s + length_s:
            window = self._windows[client_id, length_s] = _Window(now_s)
        return window
