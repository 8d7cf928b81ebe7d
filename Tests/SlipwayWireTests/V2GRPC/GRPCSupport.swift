// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import SlipwayCore
import SlipwayWire
import SwiftProtobuf

/// Decodes a message that the generated code wrote.
func decodeGRPC(_ request: Inference_ModelInferRequest) throws -> V2InferRequest {
    try decodeGRPC([UInt8](request.serializedBytes() as [UInt8]))
}

func decodeGRPC(_ bytes: [UInt8]) throws -> V2InferRequest {
    try bytes.withUnsafeBytes { try V2ProtobufDecoder.decode($0) }
}

/// The pieces in one.
func joined(_ segments: [WireSegment]) -> [UInt8] {
    segments.reduce(into: []) { bytes, segment in segment.withBytes { bytes.append(contentsOf: $0) } }
}

extension Inference_ModelInferRequest {
    /// A request to model `m` with one input `x` and nothing in it.
    init(_ type: String, _ shape: [Int64]) {
        self.init()
        modelName = "m"
        inputs = [
            .with {
                $0.name = "x"
                $0.datatype = type
                $0.shape = shape
            }
        ]
    }

    init(_ type: String, _ shape: [Int64], raw: [UInt8]) {
        self.init(type, shape)
        rawInputContents = [.init(raw)]
    }

    init(_ type: String, _ shape: [Int64], _ fill: (inout Inference_InferTensorContents) -> Void) {
        self.init(type, shape)
        fill(&inputs[0].contents)
    }
}

/// A length-delimited field with a number up to 15.
func field(_ number: UInt8, _ content: [UInt8]) -> [UInt8] {
    var writer = ProtobufWriter()
    writer.begin(UInt32(number), byteCount: content.count)
    return writer.bytes + content
}
