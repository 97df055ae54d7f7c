"""What is sensitive, how it leaves and which protection it then needs: the one table scanner, guard and prove share."""

from leaktight.policy.choices import Channel as Channel
from leaktight.policy.choices import LabelKind as LabelKind
from leaktight.policy.choices import Safeguard as Safeguard
from leaktight.policy.choices import State as State
from leaktight.policy.choices import Strength as Strength
from leaktight.policy.demands import demands as demands
from leaktight.policy.hosts import is_safe_host as is_safe_host
from leaktight.policy.hosts import takes_keys_elsewhere as takes_keys_elsewhere
from leaktight.policy.labels import LABELS as LABELS
from leaktight.policy.labels import Label as Label
from leaktight.policy.recognition import Match as Match
from leaktight.policy.recognition import Recogniser as Recogniser
from leaktight.policy.recognition import default_recogniser as default_recogniser
from leaktight.policy.recognition import recognise as recognise
from leaktight.policy.recognition import recognise_result as recognise_result
from leaktight.policy.redaction import redact as redact
from leaktight.policy.requirements import Requirement as Requirement
from leaktight.policy.requirements import django_defaults as django_defaults
from leaktight.policy.requirements import requirements as requirements
