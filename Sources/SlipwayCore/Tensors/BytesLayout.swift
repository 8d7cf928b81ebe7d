// SPDX-License-Identifier: Apache-2.0

/// The packed layout of ``ElementType/bytes`` tensors: per element a 32-bit little-endian length, then the bytes.
public enum BytesLayout {
    /// Checks that `bytes` hold exactly `count` elements, in one pass and without allocating.
    static func check(_ bytes: UnsafeRawBufferPointer, count: Int, shape: Shape) throws(TensorError) {
        var offset = 0
        var index = 0
        while index < count {
            guard bytes.count - offset >= 4 else { throw .truncatedBytes(element: index) }
            let length = Int(UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self)))
            guard bytes.count - offset - 4 >= length else { throw .truncatedBytes(element: index) }
            offset += 4 + length
            index += 1
        }
        guard offset == bytes.count else {
            throw .sizeMismatch(shape: shape, expected: offset, got: bytes.count)
        }
    }

    /// Calls `body` with each of the first `count` elements; buffers are valid during the call only.
    ///
    /// - Precondition: `bytes` hold that many, as those of a ``Tensor`` do.
    public static func forEach(
        of count: Int, in bytes: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer) throws -> Void
    ) rethrows {
        var offset = 0
        for _ in 0..<count {
            let length = Int(UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self)))
            try body(UnsafeRawBufferPointer(rebasing: bytes[(offset + 4)..<(offset + 4 + length)]))
            offset += 4 + length
        }
    }

    /// Packs `elements` into fresh storage.
    ///
    /// - Precondition: no element is 4 GiB or longer.
    public static func pack(_ elements: [[UInt8]]) -> TensorStorage {
        TensorStorage(byteCount: elements.reduce(0) { $0 + 4 + $1.count }) { target in
            var offset = 0
            for element in elements {
                target.storeBytes(of: UInt32(element.count).littleEndian, toByteOffset: offset, as: UInt32.self)
                UnsafeMutableRawBufferPointer(rebasing: target[(offset + 4)..<(offset + 4 + element.count)])
                    .copyBytes(from: element)
                offset += 4 + element.count
            }
        }
    }
}

extension Tensor {
    /// A ``ElementType/bytes`` tensor of UTF-8 strings.
    public init(_ strings: [String], shape: Shape) throws(TensorError) {
        try self.init(elementType: .bytes, shape: shape, storage: BytesLayout.pack(strings.map { Array($0.utf8) }))
    }

    /// Calls `body` with each element of a ``ElementType/bytes`` tensor in row-major order.
    ///
    /// The buffers are valid during the call only. Does nothing for tensors of other types.
    public func forEachBytes(_ body: (UnsafeRawBufferPointer) throws -> Void) rethrows {
        guard elementType == .bytes else { return }
        try BytesLayout.forEach(of: count, in: storage.bytes, body)
    }

    /// The elements of a ``ElementType/bytes`` tensor as text, invalid UTF-8 repaired; `nil` for other types.
    public var strings: [String]? {
        guard elementType == .bytes else { return nil }
        var result: [String] = []
        result.reserveCapacity(count)
        forEachBytes { result.append(String(decoding: $0, as: UTF8.self)) }
        return result
    }
}
