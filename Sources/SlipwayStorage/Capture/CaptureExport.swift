// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayFormats
import SlipwayRegistry

/// The table that an export makes of segments whose columns may differ.
struct CaptureExport {
    private static let labelFields = [
        ArrowOutputField("label", .text), ArrowOutputField("label_number", .number(.float64)),
        ArrowOutputField("label_at", .instant), ArrowOutputField("kpis", .text),
    ]

    private let selection: CaptureSelection
    private var columns: [ArrowOutputField] = []
    private var types: [String: ArrowColumnType] = [:]

    init(_ selection: CaptureSelection) throws {
        guard selection.from <= selection.until else {
            throw RegistryError(.invalid, "the export ends before it begins: give the earlier time first")
        }
        self.selection = selection
        try add(CaptureShape.contextFields)
    }

    var fields: [ArrowOutputField] { columns + Self.labelFields }

    /// Whether a segment may hold selected rows.
    func covers(_ table: ArrowTable) -> Bool {
        CaptureSpan.of(table).map { $0.upperBound >= selection.from && $0.lowerBound < selection.until } ?? true
    }

    /// Adds columns that are not known yet.
    mutating func add(_ fields: [ArrowOutputField]) throws {
        for field in fields {
            guard let known = types[field.name] else {
                types[field.name] = field.type
                columns.append(field)
                continue
            }
            guard known == field.type else {
                throw RegistryError(
                    .conflict,
                    "column '\(field.name)' changed its type within that time: export one version, or a shorter time")
            }
        }
    }

    /// The selected rows of a range, in the export's columns.
    func rows(_ range: Range<Int>, of table: inout ArrowTable) throws -> [ArrowColumnData] {
        var places: [String: Int] = [:]
        for (index, field) in table.fields.enumerated() { places[field.name] = index }
        let read = try table.read(range, columns: Array(table.fields.indices))
        func column(_ name: String) throws -> ArrowColumn {
            guard let place = places[name] else {
                throw RegistryError(.corrupt, "a captured segment has no column '\(name)', which all have")
            }
            return read[place]
        }
        let ids = try column("request_id").tensor(0..<range.count).strings ?? []
        let versions = try column("version").tensor(0..<range.count).strings ?? []
        let instants = try column("at").tensor(0..<range.count).values(as: Int64.self) ?? []
        let numbers = try column("row").tensor(0..<range.count).values(as: Int32.self) ?? []
        guard [ids.count, versions.count, instants.count, numbers.count].allSatisfy({ $0 == range.count }) else {
            throw RegistryError(.corrupt, "a captured segment has columns of other types than all have")
        }
        let wanted = range.indices.map { $0 - range.lowerBound }.filter { row in
            let at = Timestamp(milliseconds: instants[row])
            return at >= selection.from && at < selection.until
                && (selection.version.map { $0.description == versions[row] } ?? true)
                && (!selection.onlyLabelled || selection.labels[ids[row]] != nil)
        }
        var result = fields.map { ArrowColumnData($0.type) }
        for (index, field) in columns.enumerated() {
            for row in wanted {
                guard let place = places[field.name] else {
                    try result[index].appendNull()
                    continue
                }
                try result[index].append(row, of: read[place])
            }
        }
        for row in wanted { try append(selection.labels[ids[row]], row: Int(numbers[row]), to: &result) }
        return result
    }

    private func append(_ label: CaptureLabel?, row: Int, to result: inout [ArrowColumnData]) throws {
        let first = columns.count
        switch label?.value(ofRow: row) {
        case .text(let text):
            try result[first].append(text)
            try result[first + 1].appendNull()
        case .number(let number):
            try result[first].appendNull()
            try result[first + 1].append(number)
        case nil:
            try result[first].appendNull()
            try result[first + 1].appendNull()
        }
        if let at = label?.at { try result[first + 2].append(at) } else { try result[first + 2].appendNull() }
        if let label, !label.kpis.isEmpty {
            try result[first + 3].append(CaptureParameters.json(label.kpis))
        } else {
            try result[first + 3].appendNull()
        }
    }
}
