"""`python -m labkit.provider`."""

from labkit.provider.program import main

main()
