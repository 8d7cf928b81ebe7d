// SPDX-License-Identifier: Apache-2.0

import SlipwayCore

/// Reads `tensorflow.TensorProto` straight into storage.
///
/// Elements come as `tensor_content` or in the one list that fits the type. Nothing is allocated for elements that
/// the message does not hold, but for lists of one element, which fills the shape: within a budget of the request.
struct TensorProtoReader {
    /// Bytes that single elements may fill in one request.
    static let fillBudget = 64 << 20
    private static let maximumRank = 64

    private let owner: AnyObject?
    private var fillLeft = fillBudget

    init(owner: AnyObject?) { self.owner = owner }

    /// What stands in a message besides its lists.
    private struct Head {
        var dtype = 0
        var dimensions: [Int] = []
        var content = UnsafeRawBufferPointer(start: nil, count: 0)
    }

    mutating func read(_ message: ProtobufScanner, input: String) throws(WireError) -> Tensor {
        let head = try Self.readHead(message)
        let type = try TensorFlowDataType.elementType(head.dtype)
        let shape = Shape(head.dimensions)
        // With room for the length of each text.
        guard let count = shape.elementCount, !count.multipliedReportingOverflow(by: 8).overflow else {
            throw WireError(.invalidTensor, "shape \(shape) has more elements than memory can address")
        }
        let list = try TensorProtoList(type: type, message: message)
        guard !head.content.isEmpty else {
            return try .fromBytes(type, shape, try elements(list, type, count, shape), input: input)
        }
        guard list.count == 0 else {
            throw WireError(.invalidTensor, "expected tensor_content or \(list.name), got both")
        }
        return try .fromBytes(type, shape, try content(head.content, type, count, shape), input: input)
    }

    // MARK: - Head

    private static func readHead(_ message: ProtobufScanner) throws(WireError) -> Head {
        var message = message
        var head = Head()
        while let field = try message.nextField() {
            switch field.number {
            case 1: head.dtype = Int(Int32(truncatingIfNeeded: try message.integer(field, "dtype")))
            case 2: try readShape(try message.message(field, "tensor_shape"), into: &head.dimensions)
            case 4: head.content = try message.bytes(field, "tensor_content")
            default: try message.skip(field)
            }
        }
        return head
    }

    private static func readShape(_ shape: ProtobufScanner, into dimensions: inout [Int]) throws(WireError) {
        var shape = shape
        while let field = try shape.nextField() {
            switch field.number {
            case 2:
                guard dimensions.count < maximumRank else {
                    throw WireError(.invalidTensor, "expected at most \(maximumRank) dimensions, got more")
                }
                dimensions.append(try readExtent(try shape.message(field, "dim")))
            case 3:
                guard try !shape.bool(field, "unknown_rank") else {
                    throw WireError(
                        .invalidTensor, "the tensor's rank is unknown: send its dimensions, without unknown_rank")
                }
            default: try shape.skip(field)
            }
        }
    }

    private static func readExtent(_ dimension: ProtobufScanner) throws(WireError) -> Int {
        var dimension = dimension
        var extent: Int64 = 0
        while let field = try dimension.nextField() {
            if field.number == 1 {
                extent = Int64(bitPattern: try dimension.integer(field, "size"))
            } else {
                try dimension.skip(field)
            }
        }
        guard extent >= 0 else {
            throw WireError(.invalidTensor, "a dimension is \(extent): send the tensor's real extents")
        }
        return Int(extent)
    }

    // MARK: - Elements

    private func content(
        _ bytes: UnsafeRawBufferPointer, _ type: ElementType, _ count: Int, _ shape: Shape
    ) throws(WireError) -> TensorStorage {
        guard let width = type.byteWidth else { return try Self.texts(bytes, count) }
        guard bytes.count == count * width else {
            throw WireError(
                .invalidTensor,
                "expected \(count * width) bytes of tensor_content for \(TensorFlowDataType(type).name) of shape "
                    + "\(shape), got \(bytes.count)")
        }
        return TensorStorage(received: bytes, keptBy: owner)
    }

    /// Texts as TensorFlow packs them: all lengths, then all bytes.
    private static func texts(_ bytes: UnsafeRawBufferPointer, _ count: Int) throws(WireError) -> TensorStorage {
        let mismatch = WireError(.invalidTensor, "tensor_content does not hold the \(count) texts of the shape")
        guard count <= bytes.count else { throw mismatch }
        var cursor = ProtobufScanner(bytes)
        var lengths: [UInt32] = []
        lengths.reserveCapacity(count)
        var total = 0
        for _ in 0..<count {
            guard let length = UInt32(exactly: try cursor.varint()) else { throw mismatch }
            lengths.append(length)
            total += Int(length)
        }
        guard total == cursor.remaining else { throw mismatch }
        var start = bytes.count - total
        var index = 0
        return TensorStorage(byteCount: total + 4 * count) { target in
            var packed = PackedTexts(target)
            while index < count {
                let end = start + Int(lengths[index])
                packed.append(UnsafeRawBufferPointer(rebasing: bytes[start..<end]))
                start = end
                index += 1
            }
        }
    }

    private mutating func elements(
        _ list: TensorProtoList, _ type: ElementType, _ count: Int, _ shape: Shape
    ) throws(WireError) -> TensorStorage {
        if list.count == count { return try list.storage(repeating: 1) }
        guard list.count == 1 else {
            throw WireError(
                .invalidTensor,
                "expected \(count) elements in \(list.name) for \(TensorFlowDataType(type).name) of shape \(shape), "
                    + "or one for all of them, got \(list.count)")
        }
        let (size, isOver) = count.multipliedReportingOverflow(by: list.byteCount)
        guard !isOver, size <= fillLeft else {
            throw WireError(
                .invalidTensor,
                "one element may fill at most \(Self.fillBudget) bytes in a request: send all elements")
        }
        fillLeft -= size
        return try list.storage(repeating: count)
    }
}
