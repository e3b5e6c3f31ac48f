"""Names of what this adapter logs; the facts travel in `extra`, never a secret nor anything about a person."""

TOKEN_RENEWED = "mix.token_renewed"  # noqa: S105 - the name of an event
REFRESH_REFUSED = "mix.refresh_refused"
CALL_REPEATED = "mix.call_repeated"
THROTTLED = "mix.throttled"
RECORDS_REJECTED = "mix.records_rejected"
HEADER_MISSING = "mix.header_missing"
