"""A lab without Docker, for tests of synthlab and of code that uses it: real validation, no containers."""

from .backend import fake_backend
from .client_api import FakeClientApi
from .clock import FakeClock
from .containers import fake_companion, fake_container
from .engine import FakeEngine

__all__ = ["FakeClientApi", "FakeClock", "FakeEngine", "fake_backend", "fake_companion", "fake_container"]
