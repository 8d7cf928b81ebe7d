// SPDX-License-Identifier: Apache-2.0

import COnnxRuntime
import SlipwayCore
import SlipwayEngine

/// Reads what a session takes and gives.
struct SessionSignature {
    private let library: ORTLibrary
    private let session: OpaquePointer
    private var api: UnsafePointer<OrtApi> { library.api }

    init(_ session: OpaquePointer, _ library: ORTLibrary) {
        self.session = session
        self.library = library
    }

    /// The inputs in the model's order; initializers that a request may override come last and are optional.
    func inputs() throws(EngineError) -> [SessionValue] {
        var values = try list(
            api.pointee.SessionGetInputCount, api.pointee.SessionGetInputName, api.pointee.SessionGetInputTypeInfo,
            isOptional: false)
        values += try list(
            api.pointee.SessionGetOverridableInitializerCount, api.pointee.SessionGetOverridableInitializerName,
            api.pointee.SessionGetOverridableInitializerTypeInfo, isOptional: true)
        for value in values where value.kind == .scoreMap || value.kind == .scoreRows {
            throw EngineError(
                code: .unsupportedModel,
                message: "input '\(value.spec.name)' is a map, which no request can carry. "
                    + "Export the model without its DictVectorizer or CastMap, so that it takes a tensor")
        }
        return values
    }

    func outputs() throws(EngineError) -> [SessionValue] {
        try list(
            api.pointee.SessionGetOutputCount, api.pointee.SessionGetOutputName, api.pointee.SessionGetOutputTypeInfo,
            isOptional: false)
    }

    private typealias CountFunction =
        @convention(c) (OpaquePointer?, UnsafeMutablePointer<Int>?) -> OpaquePointer?
    private typealias NameFunction =
        @convention(c) (
            OpaquePointer?, Int, OpaquePointer?, UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
        ) -> OpaquePointer?
    private typealias TypeFunction =
        @convention(c) (OpaquePointer?, Int, UnsafeMutablePointer<OpaquePointer?>?) -> OpaquePointer?

    private func list(
        _ count: CountFunction, _ name: NameFunction, _ type: TypeFunction, isOptional: Bool
    ) throws(EngineError) -> [SessionValue] {
        var total = 0
        try library.check(count(session, &total), .load)
        var values: [SessionValue] = []
        values.reserveCapacity(total)
        for index in 0..<total {
            var text: UnsafeMutablePointer<CChar>?
            try library.check(name(session, index, library.allocator, &text), .load)
            let name = library.take(text)
            var info: OpaquePointer?
            try library.check(type(session, index, &info), .load)
            defer { api.pointee.ReleaseTypeInfo(info) }
            values.append(try value(name, info, isOptional: isOptional))
        }
        return values
    }

    private func value(_ name: String, _ info: OpaquePointer?, isOptional: Bool) throws(EngineError) -> SessionValue {
        switch try type(of: info) {
        case ONNX_TYPE_TENSOR:
            let tensor = try tensor(info, of: name)
            return SessionValue(
                spec: TensorSpec(name: name, elementType: tensor.type, shape: tensor.shape, isOptional: isOptional),
                kind: .tensor)
        case ONNX_TYPE_SEQUENCE:
            return try sequence(name, info, isOptional: isOptional)
        case ONNX_TYPE_MAP:
            return try scores(name, info, kind: .scoreMap, isOptional: isOptional)
        case ONNX_TYPE_OPTIONAL:
            var optional: OpaquePointer?
            try library.check(api.pointee.CastTypeInfoToOptionalTypeInfo(info, &optional), .load)
            var contained: OpaquePointer?
            try library.check(api.pointee.GetOptionalContainedTypeInfo(optional, &contained), .load)
            defer { api.pointee.ReleaseTypeInfo(contained) }
            guard try type(of: contained) != ONNX_TYPE_OPTIONAL else { throw unsupported(name, "a nested optional") }
            return try value(name, contained, isOptional: true)
        case ONNX_TYPE_SPARSETENSOR:
            throw unsupported(name, "a sparse tensor")
        default:
            throw unsupported(name, "of an opaque type")
        }
    }

    private func sequence(
        _ name: String, _ info: OpaquePointer?, isOptional: Bool
    ) throws(EngineError) -> SessionValue {
        var sequence: OpaquePointer?
        try library.check(api.pointee.CastTypeInfoToSequenceTypeInfo(info, &sequence), .load)
        var element: OpaquePointer?
        try library.check(api.pointee.GetSequenceElementType(sequence, &element), .load)
        defer { api.pointee.ReleaseTypeInfo(element) }
        switch try type(of: element) {
        case ONNX_TYPE_TENSOR:
            let tensor = try tensor(element, of: name)
            let spec = TensorSpec(
                name: name, elementType: tensor.type, shape: tensor.shape, isOptional: isOptional, form: .sequence)
            return SessionValue(spec: spec, kind: .sequence)
        case ONNX_TYPE_MAP:
            return try scores(name, element, kind: .scoreRows, isOptional: isOptional)
        default:
            throw unsupported(name, "a sequence of something other than tensors or class maps")
        }
    }

    private func scores(
        _ name: String, _ info: OpaquePointer?, kind: SessionValue.Kind, isOptional: Bool
    ) throws(EngineError) -> SessionValue {
        var map: OpaquePointer?
        try library.check(api.pointee.CastTypeInfoToMapTypeInfo(info, &map), .load)
        var value: OpaquePointer?
        try library.check(api.pointee.GetMapValueType(map, &value), .load)
        defer { api.pointee.ReleaseTypeInfo(value) }
        guard try type(of: value) == ONNX_TYPE_TENSOR else { throw unsupported(name, "a map to something nested") }
        let type = try tensor(value, of: name).type
        guard type == .float32 || type == .float64 else {
            throw unsupported(name, "a map to \(type.rawValue); only FP32 and FP64 scores are known")
        }
        let spec = TensorSpec(
            name: name, elementType: type, shape: [.dynamic, .dynamic], isOptional: isOptional, form: .classScores)
        return SessionValue(spec: spec, kind: kind)
    }

    private func type(of info: OpaquePointer?) throws(EngineError) -> ONNXType {
        var type = ONNX_TYPE_UNKNOWN
        try library.check(api.pointee.GetOnnxTypeFromTypeInfo(info, &type), .load)
        return type
    }

    private func tensor(
        _ info: OpaquePointer?, of name: String
    ) throws(EngineError) -> (type: ElementType, shape: [Dimension]?) {
        var tensor: OpaquePointer?
        try library.check(api.pointee.CastTypeInfoToTensorInfo(info, &tensor), .load)
        var number = ONNX_TENSOR_ELEMENT_DATA_TYPE_UNDEFINED
        try library.check(api.pointee.GetTensorElementType(tensor, &number), .load)
        guard let type = ElementType(number) else {
            throw unsupported(name, "of element type \(number.rawValue) (complex, 8-bit float or 4-bit integer)")
        }
        guard api.pointee.TensorTypeAndShape_HasShape(tensor) else { return (type, nil) }
        var rank = 0
        try library.check(api.pointee.GetDimensionsCount(tensor, &rank), .load)
        var extents = [Int64](repeating: -1, count: rank)
        try library.check(api.pointee.GetDimensions(tensor, &extents, rank), .load)
        var symbols = [UnsafePointer<CChar>?](repeating: nil, count: rank)
        try library.check(api.pointee.GetSymbolicDimensions(tensor, &symbols, rank), .load)
        let shape = zip(extents, symbols).map { extent, symbol -> Dimension in
            if extent >= 0 { return .fixed(Int(extent)) }
            return symbol.map { Dimension(symbol: String(cString: $0)) } ?? .dynamic
        }
        return (type, shape)
    }

    private func unsupported(_ name: String, _ what: String) -> EngineError {
        EngineError(
            code: .unsupportedModel,
            message: "'\(name)' is \(what), which has no form as a tensor. Export the model without it",
            location: name)
    }
}
