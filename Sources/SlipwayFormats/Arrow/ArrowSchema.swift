// SPDX-License-Identifier: Apache-2.0

import SlipwayCore

/// The columns of an Arrow table.
struct ArrowSchema {
    let fields: [ArrowField]
    /// The columns whose values lie in dictionaries, by the dictionary's number, as the dictionary's own columns.
    private(set) var dictionaries: [Int64: ArrowField] = [:]
    /// What the writer kept with the schema.
    let metadata: [String: String]

    /// Fields with their children, which may share bytes: otherwise a small file could ask for any number of them.
    private static let fieldLimit = 10_000
    private static let depthLimit = 16

    /// - Parameter readsInstants: Whether instants in milliseconds are read, as whole numbers.
    /// - Throws: ``FormatError`` `unsupported` for big-endian data, `malformed`, `limitExceeded`.
    init(_ table: FlatTable, readsInstants: Bool = false) throws(FormatError) {
        guard try table.integer(0, default: Int16(0)) == 0 else {
            throw FormatError(.unsupported, "the Arrow data are big-endian; write them on a little-endian machine")
        }
        var budget = Self.fieldLimit
        var fields: [ArrowField] = []
        for child in try table.tables(1) {
            var field = try Self.field(child, depth: 0, &budget)
            if readsInstants, try Self.isInstant(child) {
                field = ArrowField(
                    name: field.name, type: .number(.int64), dictionary: nil, layout: field.layout, children: [],
                    isInstant: true)
            }
            fields.append(field)
        }
        self.fields = fields
        metadata = try Self.pairs(try table.tables(2))
        for field in fields { try collect(field) }
    }

    /// Keys with their values; the last of a key counts.
    static func pairs(_ tables: [FlatTable]) throws(FormatError) -> [String: String] {
        guard tables.count <= fieldLimit else { throw FlatTable.damaged }
        var result: [String: String] = [:]
        for pair in tables { result[try pair.string(0) ?? ""] = try pair.string(1) ?? "" }
        return result
    }

    /// Whether a field is of milliseconds in UTC, held by the column itself.
    private static func isInstant(_ table: FlatTable) throws(FormatError) -> Bool {
        guard try table.integer(2, default: UInt8(0)) == 10, try table.table(4) == nil,
            let type = try table.table(3), try type.integer(0, default: Int16(0)) == 1
        else { return false }
        return try type.string(1) == "UTC"
    }

    private mutating func collect(_ field: ArrowField) throws(FormatError) {
        if let dictionary = field.dictionary {
            let values = ArrowField(
                name: field.name, type: field.type, dictionary: nil,
                layout: Self.layout(of: field.type, field.children), children: field.children)
            if let known = dictionaries[dictionary.id], known.type != values.type {
                throw FormatError(.malformed, "two columns give one dictionary different types", at: field.name)
            }
            dictionaries[dictionary.id] = values
        }
        for child in field.children { try collect(child) }
    }

    private static func field(_ table: FlatTable, depth: Int, _ budget: inout Int) throws(FormatError) -> ArrowField {
        budget -= 1
        guard budget >= 0, depth < depthLimit else {
            throw FormatError(
                .limitExceeded, "the Arrow table has more than \(fieldLimit) columns, or columns nested too deep")
        }
        let name = try table.string(0) ?? ""
        var children: [ArrowField] = []
        for child in try table.tables(5) { children.append(try field(child, depth: depth + 1, &budget)) }
        let type = try type(try table.integer(2, default: UInt8(0)), try table.table(3), children)
        guard let encoding = try table.table(4) else {
            let isText = try table.integer(2, default: UInt8(0)) == 5 || children.first?.isText == true
            return ArrowField(
                name: name, type: type, dictionary: nil, layout: layout(of: type, children), children: children,
                isText: isText)
        }
        var indexType = ElementType.int32
        if let integer = try encoding.table(1), case .number(let element) = try Self.integer(integer) {
            indexType = element
        }
        return ArrowField(
            name: name, type: type,
            dictionary: ArrowField.Dictionary(
                id: try encoding.integer(0, default: Int64(0)), indexType: indexType),
            layout: ArrowField.Layout(nodes: 1, buffers: 2), children: children)
    }

    private static func type(
        _ number: UInt8, _ table: FlatTable?, _ children: [ArrowField]
    ) throws(FormatError) -> ArrowType {
        switch number {
        case 2: return try table.map(integer) ?? .other("int")
        case 3:
            switch try table?.integer(0, default: Int16(0)) ?? 0 {
            case 0: return .number(.float16)
            case 1: return .number(.float32)
            default: return .number(.float64)
            }
        case 4, 5: return .bytes(isLarge: false)
        case 6: return .number(.bool)
        case 12, 21:
            guard children.count == 1 else { throw FlatTable.damaged }
            return .list(of: children[0].type, isLarge: number == 21)
        case 15:
            let width = try table?.integer(0, default: Int32(0)) ?? 0
            return width > 0 ? .fixedBytes(Int(width)) : .other("fixed_size_binary[\(width)]")
        case 16:
            let count = try table?.integer(0, default: Int32(0)) ?? 0
            guard count >= 0, children.count == 1 else { throw FlatTable.damaged }
            return .fixedList(Int(count), of: children[0].type)
        case 19, 20: return .bytes(isLarge: true)
        // Its buffers differ: types alone, or types and offsets.
        case 14 where try table?.integer(0, default: Int16(0)) == 1: return .other("dense_union")
        default: return .other(otherNames[Int(number)] ?? "type \(number)")
        }
    }

    private static func integer(_ table: FlatTable) throws(FormatError) -> ArrowType {
        switch (try table.integer(0, default: Int32(0)), try table.bool(1)) {
        case (8, true): .number(.int8)
        case (16, true): .number(.int16)
        case (32, true): .number(.int32)
        case (64, true): .number(.int64)
        case (8, false): .number(.uint8)
        case (16, false): .number(.uint16)
        case (32, false): .number(.uint32)
        case (64, false): .number(.uint64)
        default: throw FlatTable.damaged
        }
    }

    private static let otherNames = [
        1: "null", 7: "decimal", 8: "date", 9: "time", 10: "timestamp", 11: "interval", 13: "struct", 14: "union",
        17: "map", 18: "duration", 22: "run_end_encoded", 23: "binary_view", 24: "string_view", 25: "list_view",
        26: "large_list_view",
    ]

    /// What a column takes in a batch; Arrow, "Columnar format", section "Buffer listing for each layout".
    private static func layout(of type: ArrowType, _ children: [ArrowField]) -> ArrowField.Layout {
        var layout = ArrowField.Layout(nodes: 1, buffers: 2)
        switch type {
        case .bytes: layout.buffers = 3
        case .fixedList: layout.buffers = 1
        case .number, .fixedBytes, .list: break
        case .other("null"), .other("run_end_encoded"): layout.buffers = 0
        case .other("struct"), .other("union"): layout.buffers = 1
        case .other("binary_view"), .other("string_view"): layout.views = 1
        case .other("list_view"), .other("large_list_view"): layout.buffers = 3
        case .other: break
        }
        for child in children {
            layout.nodes += child.layout.nodes
            layout.buffers += child.layout.buffers
            layout.views += child.layout.views
        }
        return layout
    }
}
