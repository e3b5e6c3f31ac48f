"""What a contract cannot say in JSON Schema, told to schemathesis: its valid cases must be valid by these rules too."""

from typing import Any
from uuid import uuid4

import schemathesis
from schemathesis.generation import GenerationMode

LARGEST_ID = 2**63 - 1


@schemathesis.hook
def before_call(_: schemathesis.HookContext, case: schemathesis.Case, __: dict[str, Any]) -> None:
    if case.meta is None or case.meta.generation.mode is not GenerationMode.POSITIVE:
        return
    query = case.query
    query.pop("cursor", None)  # only a list itself can make one; the tests of paging follow them
    if "from" in query and "to" in query:
        query["from"], query["to"] = sorted((query["from"], query["to"]))
    for values in (query, case.path_parameters):
        for name, value in values.items():
            if name.endswith("_id") and abs(int(value)) > LARGEST_ID:
                values[name] = str(LARGEST_ID)
    if "Idempotency-Key" in case.headers:
        case.headers["Idempotency-Key"] = str(uuid4())  # one used before with another body is a conflict
