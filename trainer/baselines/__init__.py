"""Classifiers of the usual kinds, one a file, to compare the pipeline with: same clips, same augmentation."""
