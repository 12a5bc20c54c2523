"""What Keras layers compute here: the same as in Keras, under the op names of TensorFlow 1.

Programs fetch tensors by name (`Conv/BiasAdd:0`, `fully_connected/MatMul:0`). Keras 3 calls them
otherwise, and adds a bias by Reshape and Add in place of one BiasAdd. So each mix-in here takes
the place of a Keras layer's `call` (and of `convolution_op`, its public hook). Construction,
weights, dtypes and shapes stay Keras's.
"""

from __future__ import annotations

import tensorflow as tf

from ._channels import tensorflow_format, to_channels_first, to_channels_last, where_supported


class _Biased:
    """Mix-in: adds the layer's bias, if it has one."""

    def with_bias(self, outputs):
        if not self.use_bias:
            return outputs
        first = getattr(self, "data_format", None) == "channels_first"
        return tf.nn.bias_add(outputs, self.value_of(self.bias), data_format="NCHW" if first else "NHWC")


class Convolution(_Biased):
    """For Conv1D, Conv2D and Conv3D."""

    _NAMES = {1: "conv1d", 2: "Conv2D", 3: "Conv3D"}

    def call(self, inputs):
        return self.with_bias(self.convolution_op(inputs, self.value_of(self.kernel)))

    def convolution_op(self, inputs, kernel):
        padding = self.padding
        if padding == "causal":
            inputs, padding = self._causally_padded(inputs), "valid"
        if max(self.dilation_rate) > 1:
            return self._dilated(inputs, kernel, padding.upper())

        def convolve(inputs, channels, name):
            return self._convolve(inputs, kernel, padding.upper(), channels, name, self.strides)

        return where_supported(convolve, inputs, self.data_format, self._NAMES[self.rank])

    def _convolve(self, inputs, kernel, padding, channels, name, strides=1):
        return tf.nn.convolution(inputs, kernel, strides, padding, tensorflow_format(channels, self.rank), name=name)

    def _dilated(self, inputs, kernel, padding):
        """As tf.nn.convolution does it outside a TPU: no CPU kernel has the gradient of a dilated one."""

        def convolve_batches(inputs, channels, name):
            return tf.nn.with_space_to_batch(
                inputs,
                list(self.dilation_rate),
                padding,
                lambda batches, _, padding: self._convolve(batches, kernel, padding, channels, self._NAMES[self.rank]),
                filter_shape=list(self.kernel_size),
                data_format=tensorflow_format(channels, self.rank),
            )

        return where_supported(convolve_batches, inputs, self.data_format, "BatchToSpaceND")

    def _causally_padded(self, inputs):
        before = self.dilation_rate[0] * (self.kernel_size[0] - 1)
        axis = 1 if self.data_format == "channels_last" else 2
        return tf.pad(inputs, [[before if i == axis else 0, 0] for i in range(3)])


class Depthwise(_Biased):
    """For DepthwiseConv2D."""

    # Keras 2 calls weight and attribute depthwise_kernel, Keras 3 kernel.
    weight_names = {"kernel": "depthwise_kernel"}

    def depthwise_kernel_value(self):
        return self.value_of(self.depthwise_kernel if hasattr(self, "depthwise_kernel") else self.kernel)

    def call(self, inputs):
        kernel = self.depthwise_kernel_value()

        def convolve(inputs, channels, name):
            return tf.nn.depthwise_conv2d(
                inputs,
                kernel,
                _with_batch_and_channel(self.strides, channels),
                self.padding.upper(),
                tensorflow_format(channels, 2),
                self.dilation_rate,
                name=name,
            )

        return self.with_bias(where_supported(convolve, inputs, self.data_format, "depthwise"))


class InPlane(Depthwise):
    """For a DepthwiseConv2D with one kernel of shape [height, width, 1, 1] for all channels."""

    def depthwise_kernel_value(self):
        return tf.tile(super().depthwise_kernel_value(), [1, 1, self.input_spec.axes[-1], 1])


class Separable(_Biased):
    """For SeparableConv2D."""

    def call(self, inputs):
        depthwise, pointwise = self.value_of(self.depthwise_kernel), self.value_of(self.pointwise_kernel)

        def convolve(inputs, channels, name):
            return tf.nn.separable_conv2d(
                inputs,
                depthwise,
                pointwise,
                _with_batch_and_channel(self.strides, channels),
                self.padding.upper(),
                tensorflow_format(channels, 2),
                self.dilation_rate,
                name=name,
            )

        return self.with_bias(where_supported(convolve, inputs, self.data_format, "separable_conv2d"))


class Transposed(_Biased):
    """For Conv2DTranspose and Conv3DTranspose."""

    _OPS = {2: (tf.nn.conv2d_transpose, "conv2d_transpose"), 3: (tf.nn.conv3d_transpose, "conv3d_transpose")}

    def call(self, inputs):
        kernel = self.value_of(self.kernel)
        op, name = self._OPS[len(self.kernel_size)]

        def convolve(inputs, channels, name):
            sizes = self._output_sizes(inputs, channels)
            outputs = op(
                inputs,
                kernel,
                sizes,
                self.strides,
                self.padding.upper(),
                tensorflow_format(channels, len(self.kernel_size)),
                name=name,
            )
            outputs.set_shape([size if isinstance(size, int) else None for size in sizes])
            return outputs

        return self.with_bias(where_supported(convolve, inputs, self.data_format, name))

    def _output_sizes(self, inputs, channels):
        """Returns the output's shape: ints where the inputs' size is known, else scalar tensors."""
        known = inputs.shape.as_list()
        dynamic = tf.shape(inputs) if None in known else None
        sizes = [dynamic[i] if size is None else size for i, size in enumerate(known)]
        spatial = sizes[1:-1] if channels == "channels_last" else sizes[2:]
        spatial = [self._enlarged(*item) for item in zip(spatial, self.kernel_size, self.strides)]
        if channels == "channels_last":
            return [sizes[0], *spatial, self.filters]
        return [sizes[0], self.filters, *spatial]

    def _enlarged(self, size, kernel, stride):
        # TF1: VALID inverts a convolution whose last window ended at the border.
        return size * stride + (max(kernel - stride, 0) if self.padding == "valid" else 0)


class Dense(_Biased):
    """For Dense. Inputs of rank above 2 are contracted along their last axis."""

    def call(self, inputs):
        rank = inputs.shape.rank
        if rank == 2:
            outputs = tf.matmul(inputs, self.value_of(self.kernel))
        else:
            outputs = tf.tensordot(inputs, self.value_of(self.kernel), [[rank - 1], [0]])
            outputs.set_shape([*inputs.shape.as_list()[:-1], self.units])
        return self.with_bias(outputs)


class _Pooling:
    """For the Keras pooling layers; a subclass says which op."""

    def call(self, inputs):
        if len(self.pool_size) == 3 and self.data_format == "channels_first":
            # As in TF1, on every device.
            return to_channels_first(self._pool(to_channels_last(inputs), "channels_last", self._NAMES[3]))
        return where_supported(self._pool, inputs, self.data_format, self._NAMES[len(self.pool_size)])

    def _pool(self, inputs, channels, name):
        data_format = tensorflow_format(channels, len(self.pool_size))
        return self._OP(inputs, self.pool_size, self.strides, self.padding.upper(), data_format, name)


class MaxPooling(_Pooling):
    _OP = staticmethod(tf.nn.max_pool)
    _NAMES = {2: "MaxPool", 3: "MaxPool3D"}


class AveragePooling(_Pooling):
    _OP = staticmethod(tf.nn.avg_pool)
    _NAMES = {2: "AvgPool", 3: "AvgPool3D"}


def _with_batch_and_channel(spatial, channels):
    """Returns strides for all four dimensions."""
    return [1, *spatial, 1] if channels == "channels_last" else [1, 1, *spatial]
