// SPDX-License-Identifier: Apache-2.0

import SlipwayCore

/// Reads comma-separated rows (RFC 4180) as the rows of a model, with or without a line of heads.
///
/// The result is the plain contract's rows in JSON: a list of values for each row of a model of one input, an object
/// for each row of others.
struct CSVRows {
    private let signature: ModelSignature
    private let required: [TensorSpec]

    /// What a row's fields become.
    private enum Layout {
        /// All fields are the one input's.
        case one(TensorSpec)
        /// Each input's column.
        case named([(spec: TensorSpec, column: Int)])
    }

    init(_ signature: ModelSignature) {
        self.signature = signature
        required = signature.inputs.filter { !$0.isOptional }
    }

    /// - Throws: ``WireError`` naming the line that does not fit.
    func json(_ body: UnsafeRawBufferPointer) throws(WireError) -> [UInt8] {
        var json: [UInt8] = [.openBracket]
        json.reserveCapacity(body.count * 2 + 16)
        var records = CSVRecords(body)
        var layout: Layout?
        var isFirst = true
        while let record = try records.next() {
            let known: Layout
            if let layout {
                known = layout
            } else {
                known = try self.layout(record)
                layout = known
                if isHeads(record, known) { continue }
            }
            if !isFirst { json.append(.comma) }
            isFirst = false
            try write(record, known, to: &json)
        }
        json.append(.closeBracket)
        return json
    }

    private func layout(_ record: CSVRecord) throws(WireError) -> Layout {
        // The columns of a model's only input have names of their own, one of which may be the input's.
        if signature.inputs.count == 1, let only = signature.inputs.first { return .one(only) }
        let heads = record.texts
        if required.allSatisfy({ heads.contains($0.name) }) {
            return .named(
                signature.inputs.compactMap { spec in heads.firstIndex(of: spec.name).map { (spec, $0) } })
        }
        if required.count == 1, let only = required.first { return .one(only) }
        guard required.count == heads.count else {
            let names = required.map(\.name).joined(separator: ", ")
            throw WireError(
                .invalidRequest,
                "the model has \(required.count) inputs: expected a line of heads with [\(names)], or one column for "
                    + "each, got \(heads.count) columns")
        }
        return .named(required.enumerated().map { ($1, $0) })
    }

    /// Whether the first line names columns: those of inputs, or, over numbers, text without a number.
    ///
    /// A line with numbers in it is a row: what else it holds is refused, not passed over as a head.
    private func isHeads(_ record: CSVRecord, _ layout: Layout) -> Bool {
        switch layout {
        case .named(let columns):
            return columns.contains { spec, column in record.text(column) == spec.name }
        case .one(let spec):
            guard spec.elementType != .bytes else { return record.fields.count == 1 && record.text(0) == spec.name }
            var scratch: [UInt8] = []
            var hasText = false
            for index in record.fields.indices where !record.withField(index, CSVCell.isBlank) {
                scratch.removeAll(keepingCapacity: true)
                // 0.5 and NaN are no names, whatever the model's type.
                let isValue = record.withField(index) { field in
                    CSVCell.append(field, as: spec.elementType, to: &scratch)
                        || CSVCell.append(field, as: .float64, to: &scratch)
                }
                if isValue { return false }
                hasText = true
            }
            return hasText
        }
    }

    private func write(_ record: CSVRecord, _ layout: Layout, to json: inout [UInt8]) throws(WireError) {
        switch layout {
        case .one(let spec):
            // Of a model whose input is one list, every field is a row.
            let isList = spec.shape?.count != 1
            if isList { json.append(.openBracket) }
            for index in record.fields.indices {
                if index > 0 { json.append(.comma) }
                try append(record, index, spec, to: &json)
            }
            if isList { json.append(.closeBracket) }
        case .named(let columns):
            json.append(.openBrace)
            for (index, (spec, column)) in columns.enumerated() {
                if index > 0 { json.append(.comma) }
                var name = spec.name
                name.withUTF8 { JSONWriter.appendQuoted($0, to: &json) }
                json.append(.colon)
                try append(record, column, spec, to: &json)
            }
            json.append(.closeBrace)
        }
    }

    private func append(
        _ record: CSVRecord, _ index: Int, _ spec: TensorSpec, to json: inout [UInt8]
    ) throws(WireError) {
        guard record.withField(index, { CSVCell.append($0, as: spec.elementType, to: &json) }) else {
            throw WireError(
                .invalidTensor, "expected \(spec.elementType.rawValue) for input '\(spec.name)', got other text",
                at: "line \(record.line), field \(index + 1)")
        }
    }
}

/// One field as a JSON value.
enum CSVCell {
    /// Appends the value of a field; `false`, and nothing of use, when it is not of the type.
    ///
    /// An empty field is NaN where the type has it.
    static func append(_ field: UnsafeRawBufferPointer, as type: ElementType, to json: inout [UInt8]) -> Bool {
        switch type {
        case .bytes:
            JSONWriter.appendQuoted(field.assumingMemoryBound(to: UInt8.self), to: &json)
            return true
        case .bool:
            switch String(decoding: trimmed(field), as: UTF8.self).lowercased() {
            case "true", "1", "1.0": json.append(contentsOf: "true".utf8)
            case "false", "0", "0.0": json.append(contentsOf: "false".utf8)
            default: return false
            }
            return true
        case .float16, .bfloat16, .float32, .float64: return number(trimmed(field), to: &json) || token(field, &json)
        default: return number(trimmed(field), to: &json)
        }
    }

    static func isBlank(_ field: UnsafeRawBufferPointer) -> Bool { trimmed(field).isEmpty }

    private static func trimmed(_ field: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        var part = field[...]
        while let first = part.first, first == 0x20 || first == 0x09 { part = part.dropFirst() }
        while let last = part.last, last == 0x20 || last == 0x09 { part = part.dropLast() }
        return UnsafeRawBufferPointer(rebasing: part)
    }

    private static func token(_ field: UnsafeRawBufferPointer, _ json: inout [UInt8]) -> Bool {
        // The longest is "-infinity".
        let text = trimmed(field)
        guard text.count <= 9 else { return false }
        switch String(decoding: text, as: UTF8.self).lowercased() {
        case "", "nan", "-nan": json.append(contentsOf: "NaN".utf8)
        case "inf", "+inf", "infinity", "+infinity": json.append(contentsOf: "Infinity".utf8)
        case "-inf", "-infinity": json.append(contentsOf: "-Infinity".utf8)
        default: return false
        }
        return true
    }

    /// Appends a number as JSON writes it: `+1.` and `007` become `1` and `7`.
    private static func number(_ text: UnsafeRawBufferPointer, to json: inout [UInt8]) -> Bool {
        let start = json.count
        var rest = text[...]
        func isDigit(_ byte: UInt8?) -> Bool { byte.map { $0 &- 48 <= 9 } ?? false }
        if rest.first == UInt8(ascii: "+") || rest.first == .minus {
            if rest.removeFirst() == .minus { json.append(.minus) }
        }
        let whole = rest.prefix { isDigit($0) }
        rest = rest.dropFirst(whole.count)
        let significant = whole.drop { $0 == 48 }
        if significant.isEmpty { json.append(48) } else { json.append(contentsOf: significant) }
        var fractionCount = 0
        if rest.first == .dot {
            rest = rest.dropFirst()
            let fraction = rest.prefix { isDigit($0) }
            rest = rest.dropFirst(fraction.count)
            fractionCount = fraction.count
            if fractionCount > 0 {
                json.append(.dot)
                json.append(contentsOf: fraction)
            }
        }
        var isNumber = !whole.isEmpty || fractionCount > 0
        if let mark = rest.first, mark | 0x20 == UInt8(ascii: "e") {
            let exponent = rest.dropFirst()
            let sign = exponent.first == UInt8(ascii: "+") || exponent.first == .minus ? 1 : 0
            let digits = exponent.dropFirst(sign)
            isNumber = isNumber && !digits.isEmpty && digits.allSatisfy { isDigit($0) }
            json.append(contentsOf: rest)
            rest = rest.suffix(0)
        }
        guard isNumber, rest.isEmpty else {
            json.removeLast(json.count - start)
            return false
        }
        return true
    }
}
