"""Estimating the parameters of the edge program; `run` tells the order, one file a stage."""
