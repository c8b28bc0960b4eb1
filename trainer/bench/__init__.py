"""What the pipeline costs beside YAMNet and a MobileNet, on one core, in one run."""
