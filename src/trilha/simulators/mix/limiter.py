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
        limits = ((_MINUTE_S, behaviour.calls_per_minute), (_HOUR_S, behaviour.calls_per_hour))
        now_s = now.timestamp()
        windows = [(self._window(client_id, length_s, now_s), length_s, most) for length_s, most in limits if most]
        waits = [window.starts_s + length_s - now_s for window, length_s, most in windows if window.calls >= most]
        if waits:
            return max(1, -int(-max(waits) // 1))
        for window, _, _ in windows:
            window.calls += 1
        return 0

    def reset(self) -> None:
        """Forget all calls."""
        self._windows.clear()

    def _window(self, client_id: str, length_s: int, now_s: float) -> _Window:
        window = self._windows.get((client_id, length_s))
        if window is None or not window.starts_s <= now_s < window.starts_s + length_s:
            window = self._windows[client_id, length_s] = _Window(now_s)
        return window
