// SPDX-License-Identifier: Apache-2.0

import SlipwayFormats
import SlipwayTestKit
import Synchronization

/// An ONNX file with one large initializer, which counts how much of it is read.
struct CountingSource: ByteSource {
    final class Counter: Sendable {
        private let count = Atomic<Int>(0)
        var value: Int { count.load(ordering: .relaxed) }
        func add(_ amount: Int) { count.wrappingAdd(amount, ordering: .relaxed) }
    }

    let bytesRead = Counter()
    private let memory: MemorySource

    /// - Parameters:
    ///   - prefix: The initializer's fields before its values.
    ///   - weights: Bytes of values.
    ///   - graph: The other fields of the graph.
    init(prefix: [UInt8], weights: Int, graph: [UInt8]) {
        var tensor = prefix
        var raw = ProtobufWriter()
        raw.data(9, [UInt8](repeating: 0xFF, count: weights))
        tensor += raw.bytes
        var graphProto = ProtobufWriter()
        graphProto.data(5, tensor)
        var model = ProtobufWriter()
        model.varint(1, 8)
        model.data(7, graph + graphProto.bytes)
        model.message(8) { $0.varint(2, 17) }
        memory = MemorySource(model.bytes)
    }

    var byteCount: Int { memory.byteCount }

    func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws(FormatError) {
        bytesRead.add(buffer.count)
        try memory.read(at: offset, into: buffer)
    }
}
