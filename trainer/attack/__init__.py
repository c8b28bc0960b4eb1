"""Attacks on deployed bundles: one attack a file, one contract for all (`base`)."""
