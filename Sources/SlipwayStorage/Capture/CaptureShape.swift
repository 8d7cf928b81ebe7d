// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayFormats

/// The columns that requests of one kind take: those with the same shape share a segment.
struct CaptureShape: Sendable, Hashable {
    /// What every segment has, in this order, before the tensors.
    static let contextFields: [ArrowOutputField] = [
        ArrowOutputField("request_id", .text), ArrowOutputField("row", .number(.int32)),
        ArrowOutputField("rows", .number(.int32)), ArrowOutputField("is_batch", .number(.bool)),
        ArrowOutputField("at", .instant), ArrowOutputField("version", .text), ArrowOutputField("route", .text),
        ArrowOutputField("total_ms", .number(.float64)), ArrowOutputField("parameters", .text),
    ]

    /// One input or output.
    struct Column: Sendable, Hashable {
        let name: String
        let isInput: Bool
        let type: ArrowColumnType
        /// Whether extents of a row's value are kept beside it: it has two dimensions or more.
        let hasShape: Bool

        var label: String { (isInput ? "input." : "output.") + name }
    }

    let columns: [Column]

    /// All columns of the table.
    var fields: [ArrowOutputField] {
        Self.contextFields
            + columns.flatMap { column in
                [ArrowOutputField(column.label, column.type)]
                    + (column.hasShape ? [ArrowOutputField(column.label + ".shape", .list(of: .number(.int64)))] : [])
            }
    }

    init(_ prediction: PredictionObservation, _ redaction: CaptureRedaction) {
        let isBatch = Self.isBatch(prediction)
        var columns: [Column] = []
        for (tensors, isInput) in [(prediction.inputs, true), (prediction.outputs, false)] {
            for element in tensors where !redaction.leavesOut(element.name) {
                let rank = element.tensor.shape.rank - (isBatch ? 1 : 0)
                let item = Self.type(of: element.tensor)
                columns.append(
                    Column(
                        name: element.name, isInput: isInput, type: rank == 0 ? item : .list(of: item),
                        hasShape: rank >= 2))
            }
        }
        self.columns = columns
    }

    /// Whether all tensors have one row along their first dimension for each of the request's.
    static func isBatch(_ prediction: PredictionObservation) -> Bool {
        let rows = prediction.rows
        return rows > 0 && prediction.inputs.allSatisfy { $0.tensor.shape.dimensions.first == rows }
            && prediction.outputs.allSatisfy { $0.tensor.shape.dimensions.first == rows }
    }

    private static func type(of tensor: Tensor) -> ArrowColumnType {
        switch tensor.elementType {
        // Arrow has no such type; the values are the same.
        case .bfloat16: return .number(.float32)
        case .bytes:
            var isText = true
            tensor.forEachBytes { bytes in
                if isText, !bytes.allSatisfy({ $0 < 0x80 }) { isText = String(validating: bytes, as: UTF8.self) != nil }
            }
            return isText ? .text : .binary
        case let element: return .number(element)
        }
    }
}
