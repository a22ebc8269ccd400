# SPDX-License-Identifier: Apache-2.0
"""The float32 model that an 8-bit .tflite stands for: trained weights of a
million and more, where a repository has only the quantized file.

In place of a FlatBuffer's fields: 8- and 16-bit tensors and biases become
float32, their constants are written anew behind the file, and QUANTIZE and
DEQUANTIZE between integers leave the list of operators.
"""
import struct

import numpy as np

FLOAT32, INT32, UINT8, INT16, INT8 = 0, 2, 3, 7, 9
NUMPY = {INT32: np.int32, UINT8: np.uint8, INT16: np.int16, INT8: np.int8}
QUANTIZE, DEQUANTIZE = 114, 6


class FlatBuffer:
    def __init__(self, data):
        self.data = bytearray(data)

    def read(self, form, at):
        return struct.unpack_from("<" + form, self.data, at)[0]

    def field(self, table, slot):
        """Where the field lies; None for one that is left out."""
        vtable = table - self.read("i", table)
        if 4 + 2 * slot >= self.read("H", vtable):
            return None
        offset = self.read("H", vtable + 4 + 2 * slot)
        return table + offset if offset else None

    def scalar(self, table, slot, form, default=0):
        at = self.field(table, slot)
        return default if at is None else self.read(form, at)

    def follow(self, at):
        return at + self.read("I", at)

    def vector(self, table, slot):
        """Where its elements begin, and how many there are."""
        at = self.field(table, slot)
        if at is None:
            return 0, 0
        at = self.follow(at)
        return at + 4, self.read("I", at)

    def tables(self, table, slot):
        begin, count = self.vector(table, slot)
        return [self.follow(begin + 4 * i) for i in range(count)]

    def numbers(self, table, slot, dtype):
        begin, count = self.vector(table, slot)
        return np.frombuffer(self.data, dtype, count, begin).copy()

    def point_to_bytes(self, at, data):
        """Lets the offset at `at` point to a new vector behind the file."""
        while (len(self.data) + 4) % 16:
            self.data.append(0)
        struct.pack_into("<I", self.data, at, len(self.data) - at)
        self.data += struct.pack("<I", len(data)) + data


def real_numbers(values, shape, scale, zero_point, axis):
    if len(scale) > 1:
        sizes = [1] * len(shape)
        sizes[axis] = -1
        scale, zero_point = scale.reshape(sizes), zero_point.reshape(sizes)
    return (values.reshape(shape).astype(np.float64) - zero_point) * scale


def float_twin(data):
    """The bytes of the float32 model of an 8-bit one's bytes."""
    f = FlatBuffer(data)
    model = f.follow(0)
    codes = [max(f.scalar(c, 0, "b"), f.scalar(c, 3, "i"))
             for c in f.tables(model, 1)]
    graph, = f.tables(model, 2)
    buffers = f.tables(model, 4)
    for tensor in f.tables(graph, 0):
        make_float(f, tensor, buffers)
    skip_conversions(f, graph, codes)
    return bytes(f.data)


def make_float(f, tensor, buffers):
    kind = f.scalar(tensor, 1, "b")
    quantization = f.field(tensor, 4)
    if kind not in NUMPY or quantization is None:
        return
    quantization = f.follow(quantization)
    scale = f.numbers(quantization, 2, np.float32)
    if len(scale) == 0:
        return
    buffer = buffers[f.scalar(tensor, 2, "I")]
    stored = f.numbers(buffer, 0, np.uint8)
    if len(stored):
        real = real_numbers(stored.view(NUMPY[kind]),
                            f.numbers(tensor, 0, np.int32),
                            scale.astype(np.float64),
                            f.numbers(quantization, 3, np.int64),
                            f.scalar(quantization, 6, "i"))
        f.point_to_bytes(f.field(buffer, 0),
                         real.astype(np.float32).tobytes())
    f.data[f.field(tensor, 1)] = FLOAT32
    # No scale: a vector of length 0.
    struct.pack_into("<I", f.data, f.vector(quantization, 2)[0] - 4, 0)
    struct.pack_into("<I", f.data, f.vector(quantization, 3)[0] - 4, 0)


def skip_conversions(f, graph, codes):
    """What a QUANTIZE gives is what it is given."""
    kept, same = [], {}
    for op in f.tables(graph, 3):
        inputs, outputs = (f.numbers(op, slot, np.int32) for slot in (1, 2))
        if codes[f.scalar(op, 0, "I")] in (QUANTIZE, DEQUANTIZE):
            same[outputs[0]] = same.get(inputs[0], inputs[0])
        else:
            kept.append(op)
            rename(f, op, 1, same)
    rename(f, graph, 2, same)
    begin, _ = f.vector(graph, 3)
    struct.pack_into("<I", f.data, begin - 4, len(kept))
    for i, op in enumerate(kept):
        at = begin + 4 * i
        struct.pack_into("<I", f.data, at, op - at)


def rename(f, table, slot, same):
    begin, count = f.vector(table, slot)
    for i in range(count):
        tensor = f.read("i", begin + 4 * i)
        struct.pack_into("<i", f.data, begin + 4 * i, same.get(tensor, tensor))
