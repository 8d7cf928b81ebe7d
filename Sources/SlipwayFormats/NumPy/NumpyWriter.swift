// SPDX-License-Identifier: Apache-2.0

public import SlipwayCore

/// Writes npy files in format version 1.0, row-major and little-endian.
public enum NumpyWriter {
    /// The bytes of an npy file.
    ///
    /// numpy has no bfloat16: such tensors are written as float32, which holds every value exactly. Strings are
    /// written as Unicode when all are UTF-8, else as byte strings; numpy drops NULs at their ends.
    ///
    /// - Throws: ``FormatError`` `limitExceeded` when strings of very different lengths would take more than 4 GiB.
    public static func bytes(of tensor: Tensor) throws(FormatError) -> [UInt8] {
        guard let descriptor = descriptor(of: tensor.elementType) else {
            var elements: [[UInt8]] = []
            elements.reserveCapacity(tensor.count)
            tensor.forEachBytes { elements.append(Array($0)) }
            let packed = try NumpyStrings.pack(elements)
            return NumpyHeader.bytes(descriptor: packed.descriptor, shape: tensor.shape) + packed.bytes
        }
        var result = NumpyHeader.bytes(descriptor: descriptor, shape: tensor.shape)
        if let halves = tensor.values(as: BFloat16.self) {
            for value in halves { result.appendLittleEndian(value.float.bitPattern) }
        } else {
            result.append(contentsOf: tensor.storage.bytes)
        }
        return result
    }

    private static func descriptor(of elementType: ElementType) -> String? {
        switch elementType {
        case .bool: "|b1"
        case .int8: "|i1"
        case .int16: "<i2"
        case .int32: "<i4"
        case .int64: "<i8"
        case .uint8: "|u1"
        case .uint16: "<u2"
        case .uint32: "<u4"
        case .uint64: "<u8"
        case .float16: "<f2"
        case .bfloat16, .float32: "<f4"
        case .float64: "<f8"
        case .bytes: nil
        }
    }
}
