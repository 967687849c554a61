"""One data folder with everything that works on it."""

from astrolabe.workspace.options import DEFAULT_HOST, DEFAULT_PORT, LOCAL_ENDPOINT, WorkspaceOptions, base_address
from astrolabe.workspace.workspace import Workspace

__all__ = ["DEFAULT_HOST", "DEFAULT_PORT", "LOCAL_ENDPOINT", "Workspace", "WorkspaceOptions", "base_address"]
