"""The int8 autoencoder as TensorFlow: the flatbuffer's own graph, weights and steps, rounding straight through.

Real values take the place of int8 ones, and every tensor is rounded to its own steps, so that forward differs from
the runtime by its rounding alone; the gradient is that of the float network behind it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

import numpy as np
import tensorflow as tf
from ai_edge_litert import schema_py_generated as schema
from numpy.typing import NDArray

from edge.stages.denoise import Denoise
from trainer.attack.twin.soft import quantised, soft_clip
from trainer.errors import AttackError

__all__ = ["denoise"]

NAMES = {value: name for name, value in vars(schema.BuiltinOperator).items() if name.isupper()}
PADDING = {schema.Padding.SAME: "SAME", schema.Padding.VALID: "VALID"}
DTYPES: dict[int, Any] = {schema.TensorType.INT8: np.int8, schema.TensorType.INT32: np.int32}


@dataclass(frozen=True, slots=True, eq=False)
class Operator:
    """One step of the graph."""

    name: str
    """As in the schema, e.g. CONV_2D"""
    options: Any
    inputs: tuple[int, ...]
    """Tensors"""
    output: int


@dataclass(frozen=True, slots=True, eq=False)
class Graph:
    """What the flatbuffer holds, read once."""

    operators: tuple[Operator, ...]
    constants: dict[int, NDArray[Any]]
    """Weights and biases in real values, shapes as integers"""
    steps: dict[int, tuple[float, int]]
    """Scale and zero of every tensor that flows"""
    source: int
    sink: int


def denoise(stage: Denoise, level: Any, soft_db: float) -> Any:
    """Levels (n, n_bands, n_frames), dB above the floor, to the autoencoder's output."""
    graph = graph_of(stage.model)
    soft = soft_db / stage.scale_db
    flow = {graph.source: quantised(level[..., None] / stage.scale_db, *graph.steps[graph.source], soft)}
    for operator in graph.operators:
        value = apply(operator, [flow.get(i, graph.constants.get(i)) for i in operator.inputs])
        width = soft if operator.output == graph.sink else 0.0
        flow[operator.output] = quantised(value, *graph.steps[operator.output], width)
    output = flow[graph.sink][..., 0] * stage.scale_db - stage.dead_db
    return soft_clip(output, 0.0, float("inf"), soft_db)


def apply(operator: Operator, inputs: list[Any]) -> Any:
    """The step in real values.

    Raises
    ------
    AttackError : a step that our autoencoders do not have
    """
    if operator.name not in STEPS:
        raise AttackError(f"twin: an autoencoder of known operators wanted. Got {operator.name} instead.")
    return STEPS[operator.name](operator.options, *inputs)


def convolved(convolve: Any, options: Any, x: Any, weights: Any, bias: Any) -> Any:
    """Either kind of convolution: the flatbuffer has first what TensorFlow has last."""
    strides = (1, options.strideH, options.strideW, 1)
    return convolve(x, weights.transpose(1, 2, 3, 0), strides, PADDING[options.padding]) + bias


def sliced(options: Any, x: Any, begin: Any, end: Any, strides: Any) -> Any:
    """A stretch of every axis but the first: the flatbuffer's batch is one, ours is free."""
    return tf.strided_slice(x, begin, end, strides, begin_mask=options.beginMask | 1, end_mask=options.endMask | 1)


STEPS: dict[str, Callable[..., Any]] = {
    "CONV_2D": partial(convolved, tf.nn.conv2d),
    "DEPTHWISE_CONV_2D": partial(convolved, tf.nn.depthwise_conv2d),
    "ADD": lambda _, a, b: a + b,
    "PAD": lambda _, x, widths: tf.pad(x, widths),
    "STRIDED_SLICE": sliced,
    "RESHAPE": lambda _, x, shape: tf.reshape(x, (-1, *shape[1:])),
    "TILE": lambda _, x, multiples: tf.tile(x, multiples),
    "DEPTH_TO_SPACE": lambda options, x: tf.nn.depth_to_space(x, options.blockSize),
}


@lru_cache(maxsize=8)
def graph_of(model: bytes) -> Graph:
    """Read the flatbuffer's only graph; activations need no code, they are the ends of each tensor's range."""
    content = schema.ModelT.InitFromPackedBuf(model, 0)
    (graph,) = content.subgraphs
    constants, steps = {}, {}
    for i, tensor in enumerate(graph.tensors):
        data = content.buffers[tensor.buffer].data
        scales = None if tensor.quantization is None else tensor.quantization.scale
        if data is None:
            if scales is not None:
                steps[i] = float(scales[0]), int(tensor.quantization.zeroPoint[0])
            continue
        values = np.frombuffer(bytes(data), DTYPES[tensor.type]).reshape(tensor.shape)
        constants[i] = values if scales is None else dequantised(values, tensor.quantization)
    operators = []
    for step in graph.operators:
        code = content.operatorCodes[step.opcodeIndex]
        name = NAMES[max(code.builtinCode, code.deprecatedBuiltinCode)]
        operators.append(Operator(name, step.builtinOptions, tuple(map(int, step.inputs)), int(step.outputs[0])))
    return Graph(tuple(operators), constants, steps, int(graph.inputs[0]), int(graph.outputs[0]))


def dequantised(values: NDArray[Any], quantization: Any) -> NDArray[np.float32]:
    """Real values of int8 weights or int32 biases, one scale a channel."""
    scales = np.asarray(quantization.scale, dtype=np.float64)
    shape = [1] * values.ndim
    shape[quantization.quantizedDimension if len(scales) > 1 else 0] = len(scales)
    zeros = np.asarray(quantization.zeroPoint, dtype=np.float64).reshape(shape)
    return ((values - zeros) * scales.reshape(shape)).astype(np.float32)
