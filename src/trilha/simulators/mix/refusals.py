"""Answers that cut a handler short."""

from trilha.simulators.mix.messages import Response, refusal


class Refused(Exception):
    """Carries an answer; it is no error of the simulator."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.status)
        self.response = response


def bad_argument(text: str) -> Refused:
    """400 in the vendor's words."""
    return Refused(refusal(400, "ArgumentException", text))
