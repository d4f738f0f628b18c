#!/usr/bin/env python
"""What cron calls, as often as every minute: see `--help`."""

import sys

from pincali_sync.cli.tier_runner import main

if __name__ == "__main__":
    sys.exit(main())
