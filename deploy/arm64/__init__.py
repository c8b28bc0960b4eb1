"""Run the edge on arm64 without a board: Debian's root, the real wheels, an emulator called by name.

Nothing of the host is changed but `.cache/arm64`: no binfmt registration, no chroot, no mount.
"""
