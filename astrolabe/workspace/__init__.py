"""One data folder with everything that works on it."""

from astrolabe.portal.organization import DatabaseDraft
from astrolabe.workspace.connection import Capabilities, Connection, CredentialsBy
from astrolabe.workspace.options import DEFAULT_HOST, DEFAULT_PORT, LOCAL_ENDPOINT, WorkspaceOptions, base_address
from astrolabe.workspace.workspace import Workspace

__all__ = [
    "DEFAULT_HOST",
    "DEFAULT_PORT",
    "LOCAL_ENDPOINT",
    "Capabilities",
    "Connection",
    "CredentialsBy",
    "DatabaseDraft",
    "Workspace",
    "WorkspaceOptions",
    "base_address",
]
