// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore

extension TensorFlowPredictMessage {
    /// The bytes of a `PredictResponse`, large tensors without a copy where memory has them as the wire does.
    ///
    /// Elements stand in the typed lists (`float_val` and so on), as TensorFlow Serving answers, because clients
    /// without TensorFlow read those.
    package static func encode(_ response: InferenceResponse) -> [WireSegment] {
        var writer = SegmentWriter()
        for output in response.outputs {
            let tensor = TensorProtoWriter(output.tensor)
            let name = ProtobufWriter.byteCount(ofText: output.name)
            writer.head.begin(1, byteCount: name + ProtobufWriter.byteCount(ofField: tensor.byteCount))
            writer.head.text(1, output.name)
            writer.head.begin(2, byteCount: tensor.byteCount)
            tensor.write(to: &writer)
        }
        var spec = ProtobufWriter()
        spec.text(1, response.endpoint)
        let version = UInt64(response.version)
        spec.begin(2, byteCount: 1 + ProtobufWriter.byteCount(ofVarint: version))
        spec.number(1, version)
        spec.text(3, TensorFlowSignature.name)
        writer.head.begin(2, byteCount: spec.bytes.count)
        writer.head.append(spec)
        return writer.finish()
    }
}

/// Gathers a message in pieces: large storage stays where it is.
private struct SegmentWriter {
    /// Smaller storage is copied: a piece of its own costs more.
    static let smallestPiece = 4096

    var head = ProtobufWriter()
    private var segments: [WireSegment] = []

    mutating func append(_ storage: TensorStorage) {
        guard storage.bytes.count >= Self.smallestPiece else {
            head.append(storage.bytes)
            return
        }
        flush()
        segments.append(.storage(storage))
    }

    private mutating func flush() {
        guard !head.bytes.isEmpty else { return }
        segments.append(.bytes(head.take()))
    }

    mutating func finish() -> [WireSegment] {
        flush()
        return segments
    }
}

/// One tensor as a `TensorProto`.
private struct TensorProtoWriter {
    private enum Elements {
        case none
        /// Memory has them as a packed list has them.
        case storage(TensorStorage)
        case bytes([UInt8])
    }

    /// All before the elements, the tag and the length of their list included.
    private var head = ProtobufWriter()
    private let elements: Elements

    init(_ tensor: Tensor) {
        elements = tensor.count == 0 ? .none : Self.elements(tensor)
        let type = TensorFlowDataType(tensor.elementType)
        head.number(1, UInt64(type.rawValue))
        var shape = ProtobufWriter()
        for extent in tensor.shape.dimensions {
            // The size's tag takes one byte.
            shape.begin(2, byteCount: 1 + ProtobufWriter.byteCount(ofVarint: UInt64(extent)))
            shape.number(1, UInt64(extent))
        }
        head.begin(2, byteCount: shape.bytes.count)
        head.append(shape)
        guard let list = Self.packedList(tensor.elementType), tensor.count > 0 else { return }
        head.begin(list, byteCount: elementBytes)
    }

    var byteCount: Int { head.bytes.count + elementBytes }

    private var elementBytes: Int {
        switch elements {
        case .none: 0
        case .storage(let storage): storage.bytes.count
        case .bytes(let bytes): bytes.count
        }
    }

    func write(to writer: inout SegmentWriter) {
        writer.head.append(head)
        switch elements {
        case .none: break
        case .storage(let storage): writer.append(storage)
        case .bytes(let bytes): bytes.withUnsafeBytes { writer.head.append($0) }
        }
    }

    /// The number of the list of a type; `nil` for texts, each of which is a field of its own.
    private static func packedList(_ type: ElementType) -> UInt32? {
        switch type {
        case .float32: 5
        case .float64: 6
        case .int8, .int16, .int32, .uint8, .uint16: 7
        case .bytes: nil
        case .int64: 10
        case .bool: 11
        case .float16, .bfloat16: 13
        case .uint32: 16
        case .uint64: 17
        }
    }

    private static func elements(_ tensor: Tensor) -> Elements {
        switch tensor.elementType {
        case .float32, .float64: .storage(tensor.storage)
        // An engine's bytes may be neither 0 nor 1.
        case .bool where tensor.storage.bytes.allSatisfy { $0 <= 1 }: .storage(tensor.storage)
        case .bool: .bytes(varints(tensor, UInt8.self) { $0 == 0 ? 0 : 1 })
        // Negative numbers are sign-extended to 64 bits.
        case .int8: .bytes(varints(tensor, Int8.self) { UInt64(bitPattern: Int64($0)) })
        case .int16: .bytes(varints(tensor, Int16.self) { UInt64(bitPattern: Int64($0)) })
        case .int32: .bytes(varints(tensor, Int32.self) { UInt64(bitPattern: Int64($0)) })
        case .int64: .bytes(varints(tensor, Int64.self) { UInt64(bitPattern: $0) })
        case .uint8: .bytes(varints(tensor, UInt8.self) { UInt64($0) })
        case .uint16, .float16, .bfloat16: .bytes(varints(tensor, UInt16.self) { UInt64($0) })
        case .uint32: .bytes(varints(tensor, UInt32.self) { UInt64($0) })
        case .uint64: .bytes(varints(tensor, UInt64.self) { $0 })
        case .bytes: .bytes(texts(tensor))
        }
    }

    private static func texts(_ tensor: Tensor) -> [UInt8] {
        var list = ProtobufWriter(capacity: tensor.byteCount)
        tensor.forEachBytes { text in
            list.begin(8, byteCount: text.count)
            list.append(text)
        }
        return list.bytes
    }

    @inline(__always)
    private static func varints<T: BitwiseCopyable>(
        _ tensor: Tensor, _ type: T.Type, _ convert: (T) -> UInt64
    ) -> [UInt8] {
        let storage = tensor.storage.bytes
        let stride = MemoryLayout<T>.stride
        func value(_ index: Int) -> UInt64 {
            convert(storage.loadUnaligned(fromByteOffset: index * stride, as: T.self))
        }
        let size = (0..<tensor.count).reduce(0) { $0 + ProtobufWriter.byteCount(ofVarint: value($1)) }
        return [UInt8](unsafeUninitializedCapacity: size) { target, initialized in
            for index in 0..<tensor.count {
                var rest = value(index)
                while rest >= 0x80 {
                    target[initialized] = UInt8(truncatingIfNeeded: rest) | 0x80
                    initialized += 1
                    rest >>= 7
                }
                target[initialized] = UInt8(truncatingIfNeeded: rest)
                initialized += 1
            }
        }
    }
}

extension ProtobufWriter {
    fileprivate mutating func append(_ other: ProtobufWriter) {
        other.bytes.withUnsafeBytes { append($0) }
    }

    fileprivate mutating func number(_ field: UInt32, _ value: UInt64) {
        varint(UInt64(field) << 3)
        varint(value)
    }
}
