"""The settings of a site, worked out from their text: values with certainty, place and the way they came."""

from leaktight.project.environment import Environment as Environment
from leaktight.project.settings.load import load_all as load_all
from leaktight.project.settings.load import load_loose as load_loose
from leaktight.project.settings.load import load_settings as load_settings
from leaktight.project.settings.resolved import Settings as Settings
from leaktight.project.settings.resolved import SettingValue as SettingValue
from leaktight.project.settings.values import HOLE as HOLE
from leaktight.project.settings.values import UNKNOWN as UNKNOWN
from leaktight.project.settings.values import Partial as Partial
from leaktight.project.settings.values import Symbol as Symbol
