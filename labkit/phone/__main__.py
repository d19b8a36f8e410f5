"""`python -m labkit.phone`."""

from labkit.phone.program import main

main()
