// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayWire

/// Decodes a V2 body: JSON and, with a header length, binary data behind it.
func decodeV2(
    _ json: String, binary: [UInt8] = [], header: String? = nil, signature: ModelSignature? = nil
) throws -> V2InferRequest {
    let body = Array(json.utf8) + binary
    let headerText = header ?? (binary.isEmpty ? nil : String(json.utf8.count))
    return try body.withUnsafeBytes {
        try V2InferDecoder(endpoint: "m", signature: signature).decode($0, headerLength: headerText)
    }
}

/// A request with one input `x`.
func oneInput(_ type: ElementType, _ shape: String, _ data: String) -> String {
    "{\"inputs\":[{\"name\":\"x\",\"datatype\":\"\(type.rawValue)\",\"shape\":\(shape),\"data\":\(data)}]}"
}

/// The values of one flat list of numbers.
func parse<T: TensorElement>(_ texts: [String], as type: T.Type = T.self) throws -> [T] {
    let json = oneInput(T.elementType, "[\(texts.count)]", "[" + texts.joined(separator: ",") + "]")
    return try decodeV2(json).inference.inputs["x"]?.values(as: type) ?? []
}

/// The error of a body that must be refused; `nil` when it was taken.
func refusal(_ body: () throws -> Void) -> WireError? {
    do {
        try body()
        return nil
    } catch {
        return error as? WireError
    }
}

func response(_ outputs: NamedTensors, id: String? = nil) -> InferenceResponse {
    InferenceResponse(id: id, endpoint: "m", version: 3, outputs: outputs, timings: InferenceTimings())
}

func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

/// A long text in parts.
func joined(_ parts: String...) -> String { parts.joined() }
