"""Where a lab runs: hosts, their networks, processes in them, captures."""
