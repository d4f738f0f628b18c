"""`python -m pincali_sync.cli`: the commands, without the installed script."""

from pincali_sync.cli.app import main

main()
