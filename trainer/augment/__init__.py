"""What a training sound may go through before it is learnt: noise, rooms, other pitches, other times.

Gain is not among them: everything behind the gate is relative to the loudest cell of the window, so
a louder or softer copy is the same image (a test holds that).
"""

from trainer.augment.noise import COLOURS, TEST_NOISES, TRAIN_NOISES, coloured_noise, mix, noise_of
from trainer.augment.pitch import change_speed, shift_pitch
from trainer.augment.rooms import TEST_RT60_S, TRAIN_RT60_S, in_room, room_response, training_rt60_s
from trainer.augment.time import shift_time

__all__ = [
    "COLOURS",
    "TEST_NOISES",
    "TEST_RT60_S",
    "TRAIN_NOISES",
    "TRAIN_RT60_S",
    "change_speed",
    "coloured_noise",
    "in_room",
    "mix",
    "noise_of",
    "room_response",
    "shift_pitch",
    "shift_time",
    "training_rt60_s",
]
