"""How the site is run, as the deployment files of the repository tell: environments, servers, listeners."""

from leaktight.project.deployment.files import DeploymentFile as DeploymentFile
from leaktight.project.deployment.files import deployment_files as deployment_files
from leaktight.project.deployment.literals import Literal as Literal
from leaktight.project.deployment.literals import literal_of as literal_of
from leaktight.project.deployment.local_stacks import is_local_stack as is_local_stack
from leaktight.project.deployment.servers import Server as Server
from leaktight.project.deployment.servers import servers as servers
