"""The frozen values every floor speaks in; they hold no behaviour beyond order and keys."""

from leaktight.model.choices import Audience as Audience
from leaktight.model.choices import Certainty as Certainty
from leaktight.model.choices import Confidence as Confidence
from leaktight.model.choices import Evidence as Evidence
from leaktight.model.choices import Safety as Safety
from leaktight.model.choices import Severity as Severity
from leaktight.model.choices import Style as Style
from leaktight.model.exposure import Exposure as Exposure
from leaktight.model.exposure import Inventory as Inventory
from leaktight.model.result import Claim as Claim
from leaktight.model.result import Edit as Edit
from leaktight.model.result import Finding as Finding
from leaktight.model.result import Fix as Fix
from leaktight.model.result import FixOffer as FixOffer
from leaktight.model.result import Gap as Gap
from leaktight.model.result import ProjectInfo as ProjectInfo
from leaktight.model.result import Result as Result
from leaktight.model.sighting import Sighting as Sighting
from leaktight.model.span import Span as Span
from leaktight.model.span import Step as Step
from leaktight.model.verdict import CodePlace as CodePlace
from leaktight.model.verdict import Proof as Proof
from leaktight.model.verdict import Sent as Sent
from leaktight.model.verdict import Tightness as Tightness
from leaktight.model.verdict import Verdict as Verdict
