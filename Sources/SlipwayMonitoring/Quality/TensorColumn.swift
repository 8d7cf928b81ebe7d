// SPDX-License-Identifier: Apache-2.0

import SlipwayCore

/// A tensor as a table: its first dimension is rows, the rest columns. Reads elements of any type.
struct TensorColumn {
    let tensor: PackedTensor
    let rows: Int
    let columns: Int
    /// `nil` for texts; reads the tensor's own storage.
    private let reader: ElementReader?

    /// `nil` when the tensor is not a table of `rows` rows.
    init?(_ tensor: PackedTensor, of prediction: PackedPrediction, rows: Int) {
        guard rows > 0, tensor.count > 0, let columns = TensorLayout.columns(of: tensor.count, rows: rows)
        else { return nil }
        // A tensor without rows is one row, whatever its shape: not a batch.
        if rows > 1, prediction.dimensions(of: tensor).first != rows { return nil }
        self.tensor = tensor
        self.rows = rows
        self.columns = columns
        reader = ElementReader(tensor)
    }

    var isFloating: Bool { tensor.elementType != .bytes && !TensorNumbers.isInteger(tensor.elementType) }

    /// Element `index` in row-major order; NaN for texts.
    func number(_ index: Int) -> Double { reader?[index] ?? .nan }

    /// The first `count` rows of one column as names of classes or segments.
    func names(column: Int, count: Int) -> [String] {
        guard (0..<columns).contains(column) else { return [] }
        if tensor.elementType == .bytes {
            var result: [String] = []
            var index = 0
            tensor.forEachBytes { bytes in
                if index % columns == column, result.count < count {
                    result.append(String(decoding: bytes.prefix(PredictionRecord.maximumNameBytes), as: UTF8.self))
                }
                index += 1
            }
            return result
        }
        return (0..<min(count, rows)).map { row in
            let value = number(row * columns + column)
            if tensor.elementType == .bool { return value != 0 ? "true" : "false" }
            return ClassName.of(value)
        }
    }
}

/// How classes are written: numbers without a fraction as integers, so that 1, 1.0 and "1" are one class.
enum ClassName {
    static func of(_ value: Double) -> String {
        // Beyond 2^53 not every integer is a Double, so there the number's own spelling stands.
        value == value.rounded() && abs(value) < 0x1p53 ? String(Int64(value)) : String(value)
    }
}
