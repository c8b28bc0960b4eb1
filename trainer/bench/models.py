"""The networks beside ours as TFLite files, made in another process: the one that measures never loads TensorFlow."""

from __future__ import annotations

import contextlib
import io
import multiprocessing
import os
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from edge.types import F32
from trainer.bench.log_mel import HOP, LogMelStream
from trainer.bench.yamnet import N_BANDS, N_CLASSES, N_FRAMES, build_yamnet

__all__ = ["MODELS", "build_mobilenet", "make_models", "to_int8"]

N_REPRESENTATIVE = 32
"""Patches from which the int8 ranges are taken"""
SEED = 1
HOP_SAMPLES = 48 * HOP
"""Between two of them"""


def build_mobilenet() -> Any:
    """MobileNet v2 (Sandler et al., arXiv 1801.04381) on the same patches with as many outputs; random weights."""
    import keras

    return keras.applications.MobileNetV2(
        input_tensor=keras.Input((N_FRAMES, N_BANDS, 1), batch_size=1),
        weights=None,
        classes=N_CLASSES,
        classifier_activation="sigmoid",
    )


def randomise(model: Any) -> None:
    """Other weights for every kernel, of a size that keeps activations near 1 through all layers (He et al. 2015).

    Equal kernels would be stored once and stay in the cache; vanishing activations would end in denormals. Both are
    another cost than that of learnt weights.
    """
    import keras

    rng = np.random.default_rng(SEED)
    for layer in model.layers:
        if isinstance(layer, keras.layers.DepthwiseConv2D | keras.layers.Conv2D | keras.layers.Dense):
            kernel, *rest = layer.get_weights()
            one_channel = isinstance(layer, keras.layers.DepthwiseConv2D)
            fan_in = np.prod(kernel.shape[:2] if one_channel else kernel.shape[:-1])
            layer.set_weights([rng.normal(0.0, np.sqrt(2.0 / fan_in), kernel.shape), *rest])


def to_float(model: Any, _patches: F32) -> bytes:
    """The network in float32."""
    import tensorflow as tf

    return converted(tf.lite.TFLiteConverter.from_keras_model(model))


def to_int8(model: Any, patches: F32) -> bytes:
    """The network in int8, in and out; ranges from the patches (n, 96, 64)."""
    import tensorflow as tf

    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = tf.int8
    converter.inference_output_type = tf.int8
    converter.representative_dataset = lambda: ([patch[None, :, :, None]] for patch in patches)
    return converted(converter)


MODELS: dict[str, tuple[Callable[[], Any], Callable[[Any, F32], bytes]]] = {
    "yamnet_f32": (build_yamnet, to_float),
    "yamnet_int8": (build_yamnet, to_int8),
    "mobilenet_v2": (build_mobilenet, to_float),
}
"""Name → network and conversion"""


def make_models(sound: F32, folder: Path) -> dict[str, Any]:
    """`NAME.tflite` of each, quantised on patches of the sound (n_samples,) at 16 kHz; what each is."""
    stream = LogMelStream()
    hops = range(0, N_REPRESENTATIVE * HOP_SAMPLES, HOP_SAMPLES)
    patches = np.stack([stream(np.resize(sound[i:], HOP_SAMPLES)).copy() for i in hops])
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context, initializer=quiet) as pool:
        return {name: pool.submit(make_model, name, patches, folder).result() for name in MODELS}


def make_model(name: str, patches: F32, folder: Path) -> dict[str, Any]:
    """In the process of its own."""
    build, convert = MODELS[name]
    model = build()
    randomise(model)
    content = convert(model, patches)
    (folder / f"{name}.tflite").write_bytes(content)
    return {"n_parameters": int(model.count_params()), "bytes": len(content)}


def quiet() -> None:
    """TensorFlow's own lines say nothing to a user of the command; no processor but the first is looked for."""
    os.environ.update(TF_CPP_MIN_LOG_LEVEL="3", CUDA_VISIBLE_DEVICES="-1")


def converted(converter: Any) -> bytes:
    """Without the graph's signature, which the converter prints."""
    with contextlib.redirect_stdout(io.StringIO()):
        return bytes(converter.convert())
