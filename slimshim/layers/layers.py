"""The layers of slim, under `tf_slim.layers.layers`'s names. Each family stands in its own file."""

from __future__ import annotations

from .activations import maxout
from .batch_norm import batch_norm
from .bias import bias_add
from .composition import (
    repeat,
    stack,
)
from .convolution import (
    conv1d,
    conv2d,
    conv2d_in_plane,
    conv3d,
    convolution,
    convolution1d,
    convolution2d,
    convolution2d_in_plane,
    convolution3d,
)
from .dense import (
    elu,
    fully_connected,
    linear,
    relu,
    relu6,
)
from .dropout import dropout
from .gdn import (
    GDN,
    gdn,
)
from .gradients import scale_gradient
from .layer_norm import layer_norm
from .legacy import (
    legacy_fully_connected,
    legacy_linear,
    legacy_relu,
)
from .norms import (
    poincare_normalize,
    unit_norm,
)
from .pooling import (
    avg_pool2d,
    avg_pool3d,
    max_pool2d,
    max_pool3d,
    pool,
)
from .reshaping import (
    _inner_flatten,  # noqa: F401 - reached by this path in tf_slim too.
    dense_to_sparse,
    flatten,
    images_to_sequence,
    one_hot_encoding,
    sequence_to_images,
)
from .separable import (
    separable_conv2d,
    separable_convolution2d,
)
from .softmaxes import (
    softmax,
    spatial_softmax,
)
from .transposed import (
    conv2d_transpose,
    conv3d_transpose,
    convolution2d_transpose,
    convolution3d_transpose,
)

__all__ = [
    "GDN",
    "avg_pool2d",
    "avg_pool3d",
    "batch_norm",
    "bias_add",
    "conv1d",
    "conv2d",
    "conv2d_in_plane",
    "conv2d_transpose",
    "conv3d",
    "conv3d_transpose",
    "convolution",
    "convolution1d",
    "convolution2d",
    "convolution2d_in_plane",
    "convolution2d_transpose",
    "convolution3d",
    "convolution3d_transpose",
    "dense_to_sparse",
    "dropout",
    "elu",
    "flatten",
    "fully_connected",
    "gdn",
    "images_to_sequence",
    "layer_norm",
    "legacy_fully_connected",
    "legacy_linear",
    "legacy_relu",
    "linear",
    "max_pool2d",
    "max_pool3d",
    "maxout",
    "one_hot_encoding",
    "poincare_normalize",
    "pool",
    "relu",
    "relu6",
    "repeat",
    "scale_gradient",
    "separable_conv2d",
    "separable_convolution2d",
    "sequence_to_images",
    "softmax",
    "spatial_softmax",
    "stack",
    "unit_norm",
]
