"""Configuration: find it, read it, check it, and tell where each value comes from."""

from leaktight.config.find import find_config as find_config
from leaktight.config.read import ConfigError as ConfigError
from leaktight.config.read import Effective as Effective
from leaktight.config.read import load as load
from leaktight.config.schema import Config as Config
from leaktight.config.schema import Deployment as Deployment
from leaktight.config.schema import TlsEnd as TlsEnd
from leaktight.config.schema import UserLabel as UserLabel
