// SPDX-License-Identifier: Apache-2.0

import Glibc
public import SlipwayCore

/// Reads npy files: what `numpy.save` writes.
///
/// The result is row-major and little-endian, whatever the file is. Byte and Unicode strings become
/// ``ElementType/bytes``, without their padding, text as UTF-8.
public enum NumpyReader {
    /// Reads an array in memory.
    ///
    /// - Throws: ``FormatError`` `truncated`, `malformed`, or `unsupported` for types that no tensor carries.
    public static func read(_ bytes: [UInt8]) throws(FormatError) -> Tensor {
        try read(MemorySource(bytes))
    }

    /// Reads the file at `path`.
    ///
    /// - Throws: ``FormatError``.
    public static func read(path: String) throws(FormatError) -> Tensor {
        try read(FileSource(path: path))
    }

    /// Reads an array that takes all of `source`.
    ///
    /// - Throws: ``FormatError``; nothing larger than the source is allocated before it is known to be sound.
    public static func read(_ source: any ByteSource) throws(FormatError) -> Tensor {
        let header = try NumpyHeader(source)
        let expected = try header.checkedByteCount(in: source)
        let storage = try TensorStorage(byteCount: expected) { (target) throws(FormatError) in
            try source.read(at: header.dataOffset, into: target)
        }
        return try tensor(header, storage, shape: header.shape)
    }

    /// A tensor of `shape` from elements as they lie in the file; of the header's shape, or of some of its rows.
    static func tensor(
        _ header: NumpyHeader, _ raw: TensorStorage, shape: Shape
    ) throws(FormatError) -> Tensor {
        let isTransposed = header.isFortranOrder && shape.rank > 1
        let storage = isTransposed ? rowMajor(raw, shape: shape, width: header.type.width) : raw
        let elementType: ElementType
        let converted: TensorStorage
        switch header.type.kind {
        case .number(let number):
            elementType = number
            converted = native(storage, type: header.type, isBoolean: number == .bool)
        case .byteString, .text:
            elementType = .bytes
            converted = BytesLayout.pack(
                try NumpyStrings.unpack(storage.bytes, count: shape.elementCount ?? 0, type: header.type))
        }
        do throws(TensorError) {
            return try Tensor(elementType: elementType, shape: shape, storage: converted)
        } catch {
            throw FormatError(.malformed, "the array is damaged", cause: error)
        }
    }
}

extension NumpyReader {
    /// The elements in little-endian order, booleans as 0 or 1.
    private static func native(_ storage: TensorStorage, type: NumpyType, isBoolean: Bool) -> TensorStorage {
        let source = storage.bytes
        if isBoolean {
            guard source.contains(where: { $0 > 1 }) else { return storage }
            return TensorStorage(byteCount: source.count) { target in
                for index in source.indices { target[index] = source[index] == 0 ? 0 : 1 }
            }
        }
        guard type.isBigEndian else { return storage }
        switch type.width {
        case 2: return swapped(source, UInt16.self)
        case 4: return swapped(source, UInt32.self)
        case 8: return swapped(source, UInt64.self)
        default: return storage
        }
    }

    private static func swapped<T: FixedWidthInteger>(
        _ source: UnsafeRawBufferPointer, _: T.Type
    ) -> TensorStorage {
        TensorStorage(byteCount: source.count) { target in
            for offset in stride(from: 0, to: source.count, by: MemoryLayout<T>.size) {
                let value = source.loadUnaligned(fromByteOffset: offset, as: T.self)
                target.storeBytes(of: value.byteSwapped, toByteOffset: offset, as: T.self)
            }
        }
    }

    /// The elements of a column-major array in row-major order.
    private static func rowMajor(_ storage: TensorStorage, shape: Shape, width: Int) -> TensorStorage {
        let extents = shape.dimensions
        guard let source = storage.bytes.baseAddress, storage.bytes.count > 0 else { return storage }
        var strides: [Int] = []
        var step = width
        for extent in extents {
            strides.append(step)
            step *= extent
        }
        return TensorStorage(byteCount: storage.bytes.count) { target in
            guard let base = target.baseAddress else { return }
            var indices = [Int](repeating: 0, count: extents.count)
            var from = 0
            for to in stride(from: 0, to: target.count, by: width) {
                memcpy(base + to, source + from, width)
                var axis = extents.count - 1
                while axis >= 0 {
                    indices[axis] += 1
                    from += strides[axis]
                    if indices[axis] < extents[axis] { break }
                    from -= strides[axis] * extents[axis]
                    indices[axis] = 0
                    axis -= 1
                }
            }
        }
    }
}
