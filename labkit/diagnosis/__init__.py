"""From a trace to findings: which layer, which object, which option."""
