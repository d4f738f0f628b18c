"""The command line."""

from pincali_sync.cli.app import main

__all__ = ["main"]
