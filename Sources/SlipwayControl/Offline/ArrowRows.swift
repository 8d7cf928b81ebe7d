// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayFormats

/// The rows of an Arrow file or stream.
struct ArrowRows: RowSource {
    private var table: ArrowTable
    private let plan: ColumnPlan
    /// Columns that are read: those of the plan, then those that are kept.
    private let columns: [Int]
    private let keptCount: Int
    let columnNames: [String: [String]]
    private var row: Int

    init(_ table: ArrowTable, _ signature: ModelSignature, keep: [String], from position: RowPosition?) throws {
        let names = table.fields.map(\.name)
        let kept = try ColumnPlan.places(of: keep, in: names)
        plan = try ColumnPlan(names, for: signature, kept: kept)
        switch plan {
        case .inputs(let inputs): columns = inputs.map(\.column) + kept
        case .features(_, let features):
            guard !features.isEmpty else { throw ControlError(.invalidRequest, "the table has no columns to score") }
            // One column of lists is the whole input.
            if features.count > 1 { try plan.checkWidth(names) }
            columns = features + kept
        }
        keptCount = kept.count
        columnNames = plan.featureNames(names)
        self.table = table
        row = min(position?.row ?? 0, table.count)
    }

    var position: RowPosition { RowPosition(row: row) }
    var fraction: Double { table.count == 0 ? 1 : Double(row) / Double(table.count) }

    mutating func next(_ count: Int, byteCount: Int) throws -> (any RowBlock)? {
        let range = table.reach(from: row, byteCount: byteCount).prefix(count)
        guard let first = range.first else { return nil }
        let read = try table.read(first..<(first + range.count), columns: columns)
        row += range.count
        return ArrowBlock(
            firstRow: first, count: range.count, plan: plan, columns: Array(read.dropLast(keptCount)),
            keptColumns: Array(read.suffix(keptCount)))
    }

    mutating func skip(_ count: Int) throws -> Int {
        let done = min(count, table.count - row)
        row += done
        return done
    }
}

private struct ArrowBlock: RowBlock {
    let firstRow: Int
    let count: Int
    let plan: ColumnPlan
    /// In the plan's order.
    let columns: [ArrowColumn]
    let keptColumns: [ArrowColumn]

    func line(of row: Int) -> Int? { nil }

    func tensors(_ rows: Range<Int>) throws -> NamedTensors {
        var tensors = NamedTensors()
        switch plan {
        case .inputs(let inputs):
            for (input, column) in zip(inputs, columns) {
                tensors.append(try tensor(column, rows, for: input.spec), named: input.spec.name)
            }
        case .features(let spec, _):
            tensors.append(try features(spec, rows), named: spec.name)
        }
        return tensors
    }

    private func tensor(_ column: ArrowColumn, _ rows: Range<Int>, for spec: TensorSpec) throws -> Tensor {
        try checkNulls(column, rows)
        let tensor = try column.tensor(rows)
        guard (tensor.elementType == .bytes) == (spec.elementType == .bytes) else {
            throw ControlError(
                .invalidRequest,
                "input '\(spec.name)' expected \(spec.elementType.rawValue), column '\(column.name)' holds "
                    + "\(tensor.elementType.rawValue)")
        }
        return try TensorFit.fit(tensor, to: spec)
    }

    private func checkNulls(_ column: ArrowColumn, _ rows: Range<Int>) throws(ControlError) {
        guard let null = column.nullRows.first(where: rows.contains) else { return }
        throw ControlError(
            .invalidRequest,
            "column '\(column.name)' has no value in row \(firstRow + null), and \(column.elementType.rawValue) has "
                + "no NaN to stand for it: fill it, or make the column one of floats")
    }

    /// The columns side by side, each row's values together.
    private func features(_ spec: TensorSpec, _ rows: Range<Int>) throws -> Tensor {
        if columns.count == 1 { return try tensor(columns[0], rows, for: spec) }
        // Columns are single values, whatever the rank of the input.
        let single = TensorSpec(name: spec.name, elementType: spec.elementType, shape: [.dynamic])
        let parts = try columns.map { column in
            let part = try tensor(column, rows, for: single)
            guard part.count == rows.count else {
                throw ControlError(
                    .invalidRequest, "column '\(column.name)' holds lists, and the table has other feature columns")
            }
            return part
        }
        guard let width = spec.elementType.byteWidth else { return try texts(parts, rows.count, spec) }
        let storage = TensorStorage(byteCount: rows.count * parts.count * width) { target in
            guard let base = target.baseAddress else { return }
            for (column, part) in parts.enumerated() {
                guard let source = part.storage.bytes.baseAddress else { continue }
                for row in 0..<rows.count {
                    (base + (row * parts.count + column) * width)
                        .copyMemory(from: source + row * width, byteCount: width)
                }
            }
        }
        let shape = Shape(spec.shape?.count == 1 ? [rows.count * parts.count] : [rows.count, parts.count])
        return try Tensor(elementType: spec.elementType, shape: shape, storage: storage).reshaped(for: spec)
    }

    private func texts(_ parts: [Tensor], _ rows: Int, _ spec: TensorSpec) throws -> Tensor {
        var elements = [[UInt8]](repeating: [], count: rows * parts.count)
        for (column, part) in parts.enumerated() {
            var row = 0
            part.forEachBytes { element in
                elements[row * parts.count + column] = Array(element)
                row += 1
            }
        }
        let shape = Shape(spec.shape?.count == 1 ? [elements.count] : [rows, parts.count])
        return try Tensor(elementType: .bytes, shape: shape, storage: BytesLayout.pack(elements)).reshaped(for: spec)
    }

    func kept(_ row: Int, _ index: Int) throws -> KeptValue {
        let column = keptColumns[index]
        if column.nullRows.contains(row) { return .json(Array("null".utf8)) }
        return try KeptValue(try column.tensor(row..<(row + 1)))
    }
}
