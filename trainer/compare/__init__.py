"""The pipeline, the pipeline without each of its stages, and other classifiers, on the same clips in one run."""
