"""What runs on a workstation: fitting, exporting, evaluating and attacking the edge's program."""
