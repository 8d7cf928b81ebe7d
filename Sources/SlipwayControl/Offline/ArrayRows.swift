// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayFormats

/// The rows of numpy arrays: of an npy file, or of all arrays of an npz file together.
struct ArrayRows: RowSource {
    private let inputs: [(spec: TensorSpec, rows: NumpyRows)]
    private let kept: [(name: String, rows: NumpyRows)]
    private let count: Int
    private let bytesPerRow: Int
    private var row: Int

    /// - Throws: `ControlError` for arrays that are missing, are no inputs, or differ in their number of rows.
    init(
        _ arrays: [(name: String, rows: NumpyRows)], _ signature: ModelSignature, keep: [String],
        from position: RowPosition?
    ) throws {
        let names = arrays.map(\.name)
        kept = try ColumnPlan.places(of: keep, in: names).map { arrays[$0] }
        var inputs: [(spec: TensorSpec, rows: NumpyRows)] = []
        for spec in signature.inputs {
            if let array = arrays.first(where: { $0.name == spec.name }) {
                inputs.append((spec, array.rows))
            } else if !spec.isOptional {
                throw ControlError(
                    .invalidRequest, "the data have no array '\(spec.name)', they have [\(ColumnPlan.list(names))]")
            }
        }
        for name in names where !keep.contains(name) && !signature.inputs.contains(where: { $0.name == name }) {
            throw ControlError(
                .invalidRequest,
                "array '\(name)' is no input, the model has "
                    + "[\(ColumnPlan.list(signature.inputs.map(\.name)))]: leave it out, or --keep it")
        }
        count = arrays.first?.rows.count ?? 0
        for array in arrays where array.rows.count != count {
            throw ControlError(
                .invalidRequest,
                "array '\(array.name)' has \(array.rows.count) rows, expected \(count) as in '\(names[0])'")
        }
        bytesPerRow = arrays.reduce(0) { $0 + $1.rows.rowByteCount }
        self.inputs = inputs
        row = min(position?.row ?? 0, count)
    }

    var position: RowPosition { RowPosition(row: row) }
    var fraction: Double { count == 0 ? 1 : Double(row) / Double(count) }

    mutating func next(_ count: Int, byteCount: Int) throws -> (any RowBlock)? {
        let taken = min(count, self.count - row, max(1, byteCount / max(1, bytesPerRow)))
        guard taken > 0 else { return nil }
        let range = row..<(row + taken)
        var tensors: [(TensorSpec, Tensor)] = []
        for input in inputs { tensors.append((input.spec, try input.rows.read(range))) }
        let kept = try kept.map { try $0.rows.read(range) }
        defer { row += taken }
        return ArrayBlock(firstRow: row, count: taken, inputs: tensors, kept: kept)
    }

    mutating func skip(_ count: Int) throws -> Int {
        let done = min(count, self.count - row)
        row += done
        return done
    }
}

private struct ArrayBlock: RowBlock {
    let firstRow: Int
    let count: Int
    let inputs: [(spec: TensorSpec, tensor: Tensor)]
    let kept: [Tensor]

    func line(of row: Int) -> Int? { nil }

    func tensors(_ rows: Range<Int>) throws -> NamedTensors {
        var tensors = NamedTensors()
        for (spec, tensor) in inputs {
            let part = rows == 0..<count ? tensor : try tensor.rows(rows)
            tensors.append(try TensorFit.fit(part, to: spec), named: spec.name)
        }
        return tensors
    }

    func kept(_ row: Int, _ index: Int) throws -> KeptValue {
        try KeptValue(try kept[index].rows(row..<(row + 1)))
    }
}
