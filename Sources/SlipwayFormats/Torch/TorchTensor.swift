// SPDX-License-Identifier: Apache-2.0

/// A tensor of a PyTorch file, as the file describes it.
public struct TorchTensor: Sendable, Hashable {
    /// The path to it, with dots: `encoder.0.weight`.
    public let name: String
    /// `nil` for a quantised or unknown one, whose ``typeName`` tells.
    public let type: TorchType?
    public let typeName: String
    public let shape: [Int]
    let storage: Storage?

    /// Where its elements lie.
    struct Storage: Sendable, Hashable {
        let key: String
        /// In elements, from the storage's beginning.
        let offset: Int
        let strides: [Int]
        /// Whether it lies among a TorchScript model's constants.
        var isConstant = false

        /// Which storage it is, for tensors that share one.
        struct Place: Hashable {
            let key: String
            let isConstant: Bool
        }

        var place: Place { Place(key: key, isConstant: isConstant) }
    }

    /// Bytes of its elements; `nil` when the type is not known.
    public var byteCount: Int? { type.flatMap { type in elementCount.map { $0 * type.byteWidth } } }

    /// `nil` when that is more than any file holds.
    var elementCount: Int? {
        if shape.contains(0) { return 0 }
        var count = 1
        for extent in shape {
            let (product, overflow) = count.multipliedReportingOverflow(by: extent)
            guard extent > 0, !overflow, product <= 1 << 56 else { return nil }
            count = product
        }
        return count
    }

    func renamed(_ name: String) -> TorchTensor {
        TorchTensor(name: name, type: type, typeName: typeName, shape: shape, storage: storage)
    }
}

/// The elements of a tensor that strides pick out of a storage, in row-major order.
struct StridedSource: ByteSource {
    let byteCount: Int
    let storage: any ByteSource
    private let start: Int
    private let width: Int
    private let shape: [Int]
    private let strides: [Int]
    /// Whether the elements lie one after another.
    private let isDense: Bool

    /// - Throws: ``FormatError`` `malformed` when elements lie outside of the storage.
    init(_ tensor: TorchTensor, type: TorchType, in storage: any ByteSource) throws(FormatError) {
        guard let count = tensor.elementCount, let place = tensor.storage, place.strides.count == tensor.shape.count
        else {
            throw FormatError(.malformed, "the shape \(tensor.shape) and its strides do not fit", at: tensor.name)
        }
        width = type.byteWidth
        byteCount = count * type.byteWidth
        var last = place.offset
        var dense = 1
        var isDense = true
        for (extent, stride) in zip(tensor.shape, place.strides).reversed() where count > 0 {
            let (reach, overflow) = (extent - 1).multipliedReportingOverflow(by: stride)
            let (sum, isOver) = last.addingReportingOverflow(reach)
            guard stride >= 0, !overflow, !isOver else { throw Self.outside(tensor) }
            last = sum
            if extent > 1, stride != dense { isDense = false }
            dense *= extent
        }
        let (end, overflow) = last.multipliedReportingOverflow(by: type.byteWidth)
        guard
            count == 0
                || place.offset >= 0 && !overflow && end >= 0 && storage.byteCount >= width
                    && end <= storage.byteCount - width
        else { throw Self.outside(tensor) }
        guard Self.isFair(byteCount, of: storage.byteCount) else {
            throw FormatError(
                .limitExceeded,
                "the tensor shows the \(storage.byteCount) bytes of its storage as \(byteCount); save a copy of it",
                at: tensor.name)
        }
        self.storage = storage
        start = count == 0 ? 0 : place.offset * type.byteWidth
        shape = tensor.shape
        strides = place.strides
        self.isDense = isDense
    }

    /// Whether so many bytes may be made of those of storages: strides of zero show few bytes as often as one likes.
    static func isFair(_ byteCount: Int, of storageByteCount: Int) -> Bool {
        let (bound, unbounded) = storageByteCount.multipliedReportingOverflow(by: 64)
        return byteCount <= 16 << 20 || unbounded || byteCount <= bound
    }

    private static func outside(_ tensor: TorchTensor) -> FormatError {
        FormatError(.malformed, "the tensor's elements lie outside of its storage", at: tensor.name)
    }

    func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws(FormatError) {
        try checkRange(offset: offset, count: buffer.count)
        if isDense { return try storage.read(at: start + offset, into: buffer) }
        guard offset % width == 0, buffer.count % width == 0 else {
            throw FormatError(.malformed, "strided elements are read whole")
        }
        var indices = Self.indices(offset / width, shape)
        // Windows of the storage: neighbours in a transposed tensor lie far apart, and often in the window still.
        var window = BufferedBytes(storage)
        for position in stride(from: 0, to: buffer.count, by: width) {
            let element = zip(indices, strides).reduce(0) { $0 + $1.0 * $1.1 }
            let bytes = try window.bytes(at: start + element * width, count: width)
            for (step, byte) in bytes.enumerated() { buffer[position + step] = byte }
            for axis in shape.indices.reversed() {
                indices[axis] += 1
                if indices[axis] < shape[axis] { break }
                indices[axis] = 0
            }
        }
    }

    private static func indices(_ element: Int, _ shape: [Int]) -> [Int] {
        var rest = element
        var indices = [Int](repeating: 0, count: shape.count)
        for axis in shape.indices.reversed() where shape[axis] > 0 {
            indices[axis] = rest % shape[axis]
            rest /= shape[axis]
        }
        return indices
    }
}
