#!/usr/bin/env python
"""The same commands as `pincali-sync`, without installing it."""

from pincali_sync.cli import main

if __name__ == "__main__":
    main()
