"""Which layer, which object, which option: captures, configuration and log in, findings with evidence out.

    from labkit.diagnosis import open_case, triage

    print(triage(open_case(["inside.pcap", "outside.pcap"], config="/etc/asterisk", log="/var/log/asterisk/full")))

Everything here is pure: it serves the lab and a capture from production alike.
"""

from labkit.diagnosis.case import Case, open_case
from labkit.diagnosis.finding import Evidence, Finding
from labkit.diagnosis.triage import Triage, triage

__all__ = ["Case", "Evidence", "Finding", "Triage", "open_case", "triage"]
