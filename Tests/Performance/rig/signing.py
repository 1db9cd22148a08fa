"""The integration tests' signer of tokens, for the commands."""

import sys

from .build import ROOT

sys.path.insert(0, str(ROOT / "Tests/Integration"))

from harness.signer import Signer  # noqa: E402

__all__ = ["Signer"]
