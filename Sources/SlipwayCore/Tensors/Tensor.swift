// SPDX-License-Identifier: Apache-2.0

/// An immutable, row-major, little-endian tensor.
///
/// Elements of fixed width lie packed in ``storage``. Elements of type
/// ``ElementType/bytes`` lie one after another, each a 32-bit little-endian
/// length and then its bytes: the layout of the V2 binary tensor extension.
public struct Tensor: Sendable {
    public let elementType: ElementType
    public let shape: Shape
    public let storage: TensorStorage

    /// - Throws: ``TensorError`` `invalidShape` for negative or overflowing dimensions,
    ///   `sizeMismatch` when the storage is not exactly as long as the shape asks.
    public init(elementType: ElementType, shape: Shape, storage: TensorStorage) throws(TensorError) {
        guard let count = shape.elementCount else { throw .invalidShape(shape) }
        if let width = elementType.byteWidth {
            let (expected, overflow) = count.multipliedReportingOverflow(by: width)
            guard !overflow else { throw .invalidShape(shape) }
            guard storage.bytes.count == expected else {
                throw .sizeMismatch(shape: shape, expected: expected, got: storage.bytes.count)
            }
        } else {
            try BytesLayout.check(storage.bytes, count: count, shape: shape)
        }
        self.elementType = elementType
        self.shape = shape
        self.storage = storage
    }

    /// The number of elements.
    public var count: Int { shape.elementCount ?? 0 }
    public var byteCount: Int { storage.bytes.count }
}

extension Tensor {
    /// A tensor of `values` in row-major order.
    ///
    /// - Throws: ``TensorError`` `sizeMismatch` when there are not as many values as the shape asks.
    public init<T: TensorElement>(_ values: [T], shape: Shape) throws(TensorError) {
        let storage = values.withUnsafeBytes { TensorStorage(copying: $0) }
        try self.init(elementType: T.elementType, shape: shape, storage: storage)
    }

    /// All elements in row-major order; `nil` when the tensor holds another type.
    public func values<T: TensorElement>(as type: T.Type = T.self) -> [T]? {
        guard elementType == T.elementType else { return nil }
        return [T](unsafeUninitializedCapacity: count) { target, initialized in
            UnsafeMutableRawBufferPointer(target).copyMemory(from: storage.bytes)
            initialized = count
        }
    }
}
