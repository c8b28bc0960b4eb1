"""The deployed pipeline once more, differentiable: exact forward, soft backward where a stage is not smooth.

Every stage's mirror is one function of the deployed stage and a batch, in TensorFlow; all sizes and weights are
the stage's own. Only attacks may use it: a success counts when the deployed bundle confirms it.
"""

from trainer.attack.twin.run import Backward, Signs, Twin

__all__ = ["Backward", "Signs", "Twin"]
