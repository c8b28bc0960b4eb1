"""The stages of the forward path; siblings do not import each other.

In order: gate, scalogram, enhance, lowrank, denoise, surf or orb, codebook, svm, suspicion.
"""
