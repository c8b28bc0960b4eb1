"""The stages of the forward path, in order: gate, scalogram, enhance, lowrank, denoise, surf or orb, codebook, svm,
suspicion. Siblings do not import each other.
"""
