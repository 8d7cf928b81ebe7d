// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayFormats

/// The rows of a CSV file.
struct CSVRows: RowSource {
    private var stream: CSVStream
    private var row: Int
    private let source: any ByteSource
    private let table: CSVTable
    let columnNames: [String: [String]]

    /// - Throws: `ControlError` for an empty table and for missing columns.
    init(
        _ source: any ByteSource, _ signature: ModelSignature, keep: [String], from position: RowPosition?
    ) throws {
        var stream = CSVStream(source)
        let first = try stream.read(1)
        guard first.count == 1 else { throw ControlError(.invalidRequest, "the table is empty") }
        let names = first.texts(of: 0)
        let kept = try ColumnPlan.places(of: keep, in: names)
        let plan = try ColumnPlan(names, for: signature, kept: kept)
        try plan.checkWidth(names)
        table = CSVTable(plan: plan, width: names.count, kept: kept)
        let hasNames = !keep.isEmpty || table.hasNames(names)
        columnNames = hasNames ? plan.featureNames(names) : [:]
        row = position?.row ?? 0
        self.stream =
            if let text = position?.text {
                CSVStream(source, from: text)
            } else if hasNames { stream } else { CSVStream(source) }
        self.source = source
    }

    var position: RowPosition { RowPosition(row: row, text: stream.position) }
    var fraction: Double { source.byteCount == 0 ? 1 : Double(stream.position.offset) / Double(source.byteCount) }

    mutating func next(_ count: Int, byteCount: Int) throws -> (any RowBlock)? {
        let block = try stream.read(count, byteCount: byteCount)
        guard block.count > 0 else { return nil }
        defer { row += block.count }
        return CSVRowBlock(firstRow: row, table: table, block: block)
    }

    mutating func skip(_ count: Int) throws -> Int {
        let done = try stream.skip(count)
        row += done
        return done
    }
}

/// What is known of all rows of a table.
struct CSVTable: Sendable {
    let plan: ColumnPlan
    /// Fields of the first line, which every other must have.
    let width: Int
    let kept: [Int]

    /// Whether a first line is one of names: those of inputs, or, over numbers, a line without a number.
    func hasNames(_ first: [String]) -> Bool {
        guard case .features(let spec, _) = plan else { return true }
        return spec.elementType != .bytes && !first.contains { Double($0.trimmed) != nil }
    }
}

private struct CSVRowBlock: RowBlock {
    let firstRow: Int
    let table: CSVTable
    let block: CSVBlock

    var count: Int { block.count }

    func line(of row: Int) -> Int? { block.line(of: row) }

    func tensors(_ rows: Range<Int>) throws -> NamedTensors {
        for row in rows {
            if let damage = block.damage(of: row) { throw ControlError(.invalidRequest, damage) }
            guard block.width(of: row) == table.width else {
                throw ControlError(
                    .invalidRequest,
                    "expected \(table.width) fields as in the first line, got \(block.width(of: row))")
            }
        }
        var tensors = NamedTensors()
        switch table.plan {
        case .inputs(let inputs):
            for input in inputs {
                let shape = input.spec.shape?.count == 1 ? Shape([rows.count]) : Shape([rows.count, 1])
                tensors.append(try tensor(input.spec, rows, [input.column], shape), named: input.spec.name)
            }
        case .features(let spec, let columns):
            let isFlat = spec.shape?.count == 1
            let shape = isFlat ? Shape([rows.count * columns.count]) : Shape([rows.count, columns.count])
            tensors.append(try tensor(spec, rows, columns, shape), named: spec.name)
        }
        return tensors
    }

    private func tensor(_ spec: TensorSpec, _ rows: Range<Int>, _ columns: [Int], _ shape: Shape) throws -> Tensor {
        var values = TextTensor(spec, shape)
        for row in rows {
            for column in columns {
                try block.withField(row, column) { try values.append($0) }
            }
        }
        return try values.finish().reshaped(for: spec)
    }

    func kept(_ row: Int, _ index: Int) throws -> KeptValue {
        guard table.kept[index] < block.width(of: row) else { return .text([]) }
        return .text(block.withField(row, table.kept[index]) { Array($0) })
    }
}
