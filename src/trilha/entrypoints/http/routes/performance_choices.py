"""What the organisation decides about scores and forms."""

from typing import Annotated

import msgspec

from trilha.application.performance.score_views import ScorePolicyView, score_policy_view
from trilha.domain.fleet import Classification
from trilha.domain.kernel import EventTypeId, parse_source_id
from trilha.domain.performance import (
    GuidanceTexts,
    Measure,
    PerformanceSettings,
    ScorePolicy,
    ScoreRule,
    SeverityThresholds,
)
from trilha.domain.performance.scoring import FULL, MAX_KEY_CHARS, MAX_RULES, MAX_TYPES, MAX_WEIGHT
from trilha.domain.performance.settings import MAX_CITY_CHARS, MAX_GUIDANCE_CHARS
from trilha.entrypoints.http.answers import Answer, json
from trilha.entrypoints.http.bodies import read_json
from trilha.entrypoints.http.call import Call
from trilha.entrypoints.http.documentation import reads, replaces, says_methods
from trilha.entrypoints.http.reading import Query

MAX_DISTANCE_KM = 10_000.0
POLICY_PATH = "/v1/score-policy"
SETTINGS_PATH = "/v1/performance-settings"
_Text = Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_GUIDANCE_CHARS, pattern=r"^[^\u0000]*$")]
_Threshold = Annotated[int, msgspec.Meta(ge=0, le=1_000_000)]
_Version = Annotated[int, msgspec.Meta(ge=0, le=2**53)]
_TypeId = Annotated[str, msgspec.Meta(pattern="^-?[0-9]{1,19}$")]


class ScoreRuleBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one kind of conduct costs: weight times its measure, at most `cap` points."""

    key: Annotated[str, msgspec.Meta(pattern=f"^[A-Za-z_][A-Za-z0-9_]{{0,{MAX_KEY_CHARS - 1}}}$")]
    measure: Measure
    weight: Annotated[float, msgspec.Meta(ge=0, le=MAX_WEIGHT)]
    cap: Annotated[float, msgspec.Meta(ge=0, le=FULL)]
    event_types: Annotated[tuple[_TypeId, ...], msgspec.Meta(max_length=MAX_TYPES)] = ()
    classification: Classification | None = None

    def rule(self) -> ScoreRule:
        """As the domain has it; raises InvalidValue."""
        return ScoreRule(
            key=self.key,
            measure=self.measure,
            weight=self.weight,
            cap=self.cap,
            event_types=tuple(EventTypeId(parse_source_id(one, "event_types")) for one in self.event_types),
            classification=None if self.classification is None else self.classification.value,
        )


class ScorePolicyBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole policy; `version` is the one that it was made from."""

    version: _Version
    min_distance_km: Annotated[float, msgspec.Meta(ge=0, le=MAX_DISTANCE_KM)]
    rules: Annotated[tuple[ScoreRuleBody, ...], msgspec.Meta(min_length=1, max_length=MAX_RULES)]

    def policy(self) -> ScorePolicy:
        """As the domain has it; raises InvalidValue."""
        rules = tuple(rule.rule() for rule in self.rules)
        return ScorePolicy(rules=rules, min_distance_km=self.min_distance_km, version=self.version)


class GuidanceTextsBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the form says, by language.

    {company}, {driver}, {badge}, {first_day}, {last_day} and {total} are filled in.
    """

    pt_br: _Text = msgspec.field(name="pt-BR")
    en: _Text


class SeverityBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Counts up to `low_up_to` are low, up to `medium_up_to` medium, above it high."""

    low_up_to: _Threshold
    medium_up_to: _Threshold


class PerformanceSettingsBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All settings; `version` is the one that they were made from."""

    version: _Version
    city: Annotated[str, msgspec.Meta(max_length=MAX_CITY_CHARS)]
    guidance: GuidanceTextsBody
    severity: SeverityBody

    def settings(self) -> PerformanceSettings:
        """As the domain has them; raises InvalidValue."""
        return PerformanceSettings(
            version=self.version,
            city=self.city,
            guidance=GuidanceTexts(self.guidance.pt_br, self.guidance.en),
            severity=SeverityThresholds(self.severity.low_up_to, self.severity.medium_up_to),
        )


@reads(POLICY_PATH, "getScorePolicy", ScorePolicyView, tag="performance")
async def get_score_policy(request: Call) -> Answer:
    """The weights of the organisation's own score; version 0 is the stock policy."""
    request.asks(Query)
    return json(score_policy_view(await request.parts.performance.show_score_policy(await request.organisation())))


@replaces(POLICY_PATH, "decideScorePolicy", ScorePolicyView, tag="performance", body=ScorePolicyBody)
async def put_score_policy(request: Call) -> Answer:
    """Decide about the weights anew; scores of any time are told by them from then on.

    `version` is the one that the new policy was made from; where somebody decided meanwhile the answer is 409.
    """
    request.asks(Query)
    raw, asked = await read_json(request, ScorePolicyBody)
    organisation_id = await request.organisation()
    scope = request.scope_of(organisation_id, raw)
    decided = await request.parts.performance.decide_score_policy(organisation_id, asked.policy(), scope)
    return json(score_policy_view(decided))


@reads(SETTINGS_PATH, "getPerformanceSettings", PerformanceSettings, tag="performance")
async def get_settings(request: Call) -> Answer:
    """What forms say and where they are signed, and which counts are grave; version 0 are the defaults."""
    request.asks(Query)
    return json(await request.parts.performance.show_settings(await request.organisation()))


@replaces(
    SETTINGS_PATH, "decidePerformanceSettings", PerformanceSettings, tag="performance", body=PerformanceSettingsBody
)
async def put_settings(request: Call) -> Answer:
    """Decide about forms anew. Forms that were given out stay as they are.

    `version` is the one that the new settings were made from; where somebody decided meanwhile the answer is 409.
    """
    request.asks(Query)
    raw, asked = await read_json(request, PerformanceSettingsBody)
    organisation_id = await request.organisation()
    scope = request.scope_of(organisation_id, raw)
    return json(await request.parts.performance.decide_settings(organisation_id, asked.settings(), scope))


ROUTES = (
    says_methods(POLICY_PATH, "GET", "PUT"),
    says_methods(SETTINGS_PATH, "GET", "PUT"),
    get_score_policy,
    put_score_policy,
    get_settings,
    put_settings,
)
