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
        guard let count = header.shape.elementCount else {
            throw FormatError(.malformed, "the array's shape \(header.shape) has more elements than memory can address")
        }
        let (expected, overflow) = count.multipliedReportingOverflow(by: header.type.width)
        let available = source.byteCount - header.dataOffset
        guard !overflow, expected <= available else {
            throw FormatError(
                .truncated, "the array of shape \(header.shape) needs more values than the file's \(available) bytes")
        }
        guard expected == available else {
            throw FormatError(
                .malformed,
                "the array of shape \(header.shape) needs \(expected) bytes, the file has \(available); "
                    + "save one array to a file")
        }
        var storage = try TensorStorage(byteCount: expected) { (target) throws(FormatError) in
            try source.read(at: header.dataOffset, into: target)
        }
        if header.isFortranOrder && header.shape.rank > 1 {
            storage = rowMajor(storage, shape: header.shape, width: header.type.width)
        }
        return try tensor(header, storage, count: count)
    }

    private static func tensor(
        _ header: NumpyHeader, _ storage: TensorStorage, count: Int
    ) throws(FormatError) -> Tensor {
        let elementType: ElementType
        let converted: TensorStorage
        switch header.type.kind {
        case .number(let number):
            elementType = number
            converted = native(storage, type: header.type, isBoolean: number == .bool)
        case .byteString, .text:
            elementType = .bytes
            converted = BytesLayout.pack(try NumpyStrings.unpack(storage.bytes, count: count, type: header.type))
        }
        do throws(TensorError) {
            return try Tensor(elementType: elementType, shape: header.shape, storage: converted)
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
