// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import NIOCore
package import SlipwayCore

/// The answer of a V2 server to an inference request.
package struct InferenceReply: Sendable {
    package let id: String?
    package let model: String?
    package let version: String?
    package let outputs: NamedTensors
    /// The `Server-Timing` header, when there is one.
    package let serverTiming: String?
}

/// Reads V2 inference replies, with tensors in the JSON or after it.
struct V2ReplyBody {
    private struct Head: Decodable {
        struct Output: Decodable {
            struct Parameters: Decodable {
                let size: Int?
                private enum CodingKeys: String, CodingKey { case size = "binary_data_size" }
            }
            let name: String
            let datatype: ElementType
            let shape: [Int]
            let parameters: Parameters?
            let data: JSONCells?
        }
        let id: String?
        let model: String?
        let version: String?
        let outputs: [Output]
        private enum CodingKeys: String, CodingKey {
            case id, outputs
            case model = "model_name"
            case version = "model_version"
        }
    }

    /// - Parameter headerLength: How many of the bytes are JSON; `nil` when all are.
    /// - Throws: ``ClientError`` `invalidReply`.
    static func decode(
        _ body: ByteBuffer, headerLength: Int?, serverTiming: String?, location: String
    ) throws(ClientError) -> InferenceReply {
        var rest = body
        guard let json = rest.readSlice(length: headerLength ?? body.readableBytes) else {
            throw .invalidReply("its JSON is longer than the body", location: location)
        }
        let head = try ServerCaller.decode(Head.self, from: json, location: location)
        var outputs = NamedTensors()
        for output in head.outputs {
            let tensor: Tensor
            do {
                tensor = try self.tensor(output, &rest)
            } catch {
                throw .invalidReply("output '\(output.name)': \(error)", location: location)
            }
            outputs.append(tensor, named: output.name)
        }
        return InferenceReply(
            id: head.id, model: head.model, version: head.version, outputs: outputs, serverTiming: serverTiming)
    }

    private static func tensor(_ output: Head.Output, _ rest: inout ByteBuffer) throws -> Tensor {
        let shape = Shape(output.shape)
        if let cells = output.data { return try cells.tensor(of: output.datatype, shape: shape) }
        let size = output.parameters?.size ?? 0
        guard size >= 0, let slice = rest.readSlice(length: size) else {
            throw ClientError.invalidReply("its bytes are missing", location: output.name)
        }
        let storage = slice.withUnsafeReadableBytes { TensorStorage(copying: $0) }
        return try Tensor(elementType: output.datatype, shape: shape, storage: storage)
    }
}

/// The `data` of a tensor in JSON, nested or flat, as one row-major list.
private struct JSONCells: Decodable {
    private enum Cell {
        case integer(Int64)
        case unsigned(UInt64)
        case number(Double)
        case flag(Bool)
        case text(String)

        init?(_ list: inout any UnkeyedDecodingContainer) {
            if let value = try? list.decode(Int64.self) {
                self = .integer(value)
            } else if let value = try? list.decode(UInt64.self) {
                self = .unsigned(value)
            } else if let value = try? list.decode(Double.self) {
                self = .number(value)
            } else if let value = try? list.decode(Bool.self) {
                self = .flag(value)
            } else if let value = try? list.decode(String.self) {
                self = .text(value)
            } else {
                return nil
            }
        }

        var double: Double? {
            switch self {
            case .integer(let value): Double(value)
            case .unsigned(let value): Double(value)
            case .number(let value): value
            case .flag, .text: nil
            }
        }

        func integer<I: FixedWidthInteger>(as type: I.Type) -> I? {
            switch self {
            case .integer(let value): I(exactly: value)
            case .unsigned(let value): I(exactly: value)
            case .number(let value): I(exactly: value)
            case .flag, .text: nil
            }
        }

        var flag: Bool? { if case .flag(let value) = self { value } else { nil } }
        var text: String? { if case .text(let value) = self { value } else { nil } }
    }

    private let cells: [Cell]

    init(from decoder: any Decoder) throws {
        var list: any UnkeyedDecodingContainer = try decoder.unkeyedContainer()
        var cells: [Cell] = []
        while !list.isAtEnd {
            if let cell = Cell(&list) {
                cells.append(cell)
            } else {
                cells.append(contentsOf: try list.decode(JSONCells.self).cells)
            }
        }
        self.cells = cells
    }

    func tensor(of type: ElementType, shape: Shape) throws -> Tensor {
        func make<E: TensorElement>(_ convert: (Cell) -> E?) throws -> Tensor {
            try Tensor(try cells.map { try Self.value(convert($0), type) }, shape: shape)
        }
        switch type {
        case .bool: return try make { $0.flag }
        case .int8: return try make { $0.integer(as: Int8.self) }
        case .int16: return try make { $0.integer(as: Int16.self) }
        case .int32: return try make { $0.integer(as: Int32.self) }
        case .int64: return try make { $0.integer(as: Int64.self) }
        case .uint8: return try make { $0.integer(as: UInt8.self) }
        case .uint16: return try make { $0.integer(as: UInt16.self) }
        case .uint32: return try make { $0.integer(as: UInt32.self) }
        case .uint64: return try make { $0.integer(as: UInt64.self) }
        case .float16: return try make { $0.double.map { Float16($0) } }
        case .bfloat16: return try make { $0.double.map { BFloat16(Float($0)) } }
        case .float32: return try make { $0.double.map { Float($0) } }
        case .float64: return try make { $0.double }
        case .bytes: return try Tensor(try cells.map { try Self.value($0.text, type) }, shape: shape)
        }
    }

    private static func value<V>(_ value: V?, _ type: ElementType) throws -> V {
        guard let value else { throw ClientError.invalidReply("an element is no \(type.rawValue)", location: "data") }
        return value
    }
}
