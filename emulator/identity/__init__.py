"""The identity endpoints a Dataverse client needs: Entra's token endpoint, and the two forms of managed identity."""

from emulator.identity.applications import Application
from emulator.identity.entra import Entra
from emulator.identity.guard import BearerGuard
from emulator.identity.managed_identity import ManagedIdentity
from emulator.identity.running import IdentityAddresses, IdentityOptions, RunningIdentity, running_identity
from emulator.identity.tokens import IssuedTokens

__all__ = [
    "Application",
    "BearerGuard",
    "Entra",
    "IdentityAddresses",
    "IdentityOptions",
    "IssuedTokens",
    "ManagedIdentity",
    "RunningIdentity",
    "running_identity",
]
