// SPDX-License-Identifier: Apache-2.0

import COnnxRuntime
import SlipwayCore
import SlipwayEngine

/// Makes empty sequences, which the library's own functions cannot: a model of one SequenceEmpty node gives one.
enum EmptySequence {
    /// - Returns: A sequence that the caller releases.
    static func make(of type: ElementType, _ session: ORTSession) throws(EngineError) -> OpaquePointer {
        let library = session.library
        let api = library.api
        var options: OpaquePointer?
        try library.check(api.pointee.CreateSessionOptions(&options), .run)
        defer { api.pointee.ReleaseSessionOptions(options) }
        try library.check(api.pointee.SetIntraOpNumThreads(options, 1), .run)
        let bytes = model(of: type)
        var source: OpaquePointer?
        try library.check(
            api.pointee.CreateSessionFromArray(session.environment.handle, bytes, bytes.count, options, &source), .run)
        defer { api.pointee.ReleaseSession(source) }
        let name = CString("y")
        let names: [UnsafePointer<CChar>?] = [UnsafePointer(name.pointer)]
        var value: OpaquePointer?
        let status = withExtendedLifetime(name) {
            api.pointee.Run(source, nil, nil, nil, 0, names, 1, &value)
        }
        try library.check(status, .run)
        return try ORTLibrary.present(value)
    }

    /// `ModelProto` bytes (onnx.proto); every message in it is shorter than 128 bytes, so lengths take one byte.
    private static func model(of type: ElementType) -> [UInt8] {
        let number = protoNumber(type)
        let attribute = text(1, "dtype") + [3 << 3, number, 20 << 3 | 0x80, 1, 2]
        let node = text(2, "y") + text(4, "SequenceEmpty") + message(5, attribute)
        let tensor = message(1, [1 << 3, number])
        let sequence = message(4, message(1, tensor))
        let graph = message(1, node) + text(2, "empty") + message(12, text(1, "y") + message(2, sequence))
        let opset: [UInt8] = [2 << 3, 11]
        return [1 << 3, 8] + message(7, graph) + message(8, opset)
    }

    private static func message(_ field: UInt8, _ content: [UInt8]) -> [UInt8] {
        [field << 3 | 2, UInt8(truncatingIfNeeded: content.count)] + content
    }

    private static func text(_ field: UInt8, _ content: String) -> [UInt8] { message(field, Array(content.utf8)) }

    /// The type's number in ONNX's `TensorProto.DataType`, which is also the library's own.
    private static func protoNumber(_ type: ElementType) -> UInt8 { UInt8(truncatingIfNeeded: type.onnx.rawValue) }
}
