// SPDX-License-Identifier: Apache-2.0

import SlipwayCore

/// A `ValueInfoProto`: the name and type of a graph's input or output.
struct ONNXValue {
    /// A `TypeProto`.
    indirect enum ValueType {
        case missing
        /// The number of a `TensorProto.DataType`; no shape means unknown rank.
        case tensor(Int64, [Dimension]?)
        case sequence(ValueType)
        case optional(ValueType)
        case map(key: Int64, value: ValueType)
        case sparseTensor
        case opaque
    }

    var name: String
    var type: ValueType
}

extension ONNXGraphParser {
    /// The `TypeProto` of the current field. Types nest, but no deeper than the reader lets messages nest.
    mutating func parseType(_ reader: inout ProtobufReader) throws(FormatError) -> ONNXValue.ValueType {
        var type = ONNXValue.ValueType.missing
        let scope = try reader.enter()
        while let field = try reader.nextField() {
            switch field.number {
            case 1: type = try parseTensorType(&reader)
            case 4: type = .sequence(try parseElementType(&reader))
            case 5: type = try parseMapType(&reader)
            case 7: type = .opaque
            case 8: type = .sparseTensor
            case 9: type = .optional(try parseElementType(&reader))
            default: break
            }
        }
        reader.leave(scope)
        return type
    }

    /// The type inside `TypeProto.Sequence` or `TypeProto.Optional`.
    private mutating func parseElementType(
        _ reader: inout ProtobufReader
    ) throws(FormatError) -> ONNXValue.ValueType {
        var type = ONNXValue.ValueType.missing
        let scope = try reader.enter()
        while let field = try reader.nextField() {
            if field.number == 1 { type = try parseType(&reader) }
        }
        reader.leave(scope)
        return type
    }

    private mutating func parseMapType(_ reader: inout ProtobufReader) throws(FormatError) -> ONNXValue.ValueType {
        var key: Int64 = 0
        var value = ONNXValue.ValueType.missing
        let scope = try reader.enter()
        while let field = try reader.nextField() {
            switch field.number {
            case 1: key = try reader.varint()
            case 2: value = try parseType(&reader)
            default: break
            }
        }
        reader.leave(scope)
        return .map(key: key, value: value)
    }

    private mutating func parseTensorType(
        _ reader: inout ProtobufReader
    ) throws(FormatError) -> ONNXValue.ValueType {
        var dataType: Int64 = 0
        var shape: [Dimension]?
        let scope = try reader.enter()
        while let field = try reader.nextField() {
            switch field.number {
            case 1: dataType = try reader.varint()
            case 2: shape = try parseShape(&reader)
            default: break
            }
        }
        reader.leave(scope)
        return .tensor(dataType, shape)
    }

    private mutating func parseShape(_ reader: inout ProtobufReader) throws(FormatError) -> [Dimension] {
        var shape: [Dimension] = []
        let scope = try reader.enter()
        while let field = try reader.nextField() {
            guard field.number == 1 else { continue }
            guard shape.count < limits.rank else {
                throw FormatError(.limitExceeded, "a tensor has more than \(limits.rank) dimensions")
            }
            shape.append(try parseDimension(&reader))
        }
        reader.leave(scope)
        return shape
    }

    /// A negative extent and an empty symbol mean the same as none at all; exporters write all three.
    private mutating func parseDimension(_ reader: inout ProtobufReader) throws(FormatError) -> Dimension {
        var dimension = Dimension.dynamic
        let scope = try reader.enter()
        while let field = try reader.nextField() {
            switch field.number {
            case 1:
                let extent = try reader.varint()
                dimension = extent < 0 ? .dynamic : .fixed(Int(extent))
            case 2:
                dimension = Dimension(symbol: try text(&reader))
            default: break
            }
        }
        reader.leave(scope)
        return dimension
    }
}
