// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayWire

/// How results are written.
package enum ScoreFormat: String, Sendable, Hashable, Codable {
    case csv, jsonLines

    /// By the name's ending; `nil` for others.
    package init?(path: String) {
        switch path.split(separator: ".").last.map({ $0.lowercased() }) {
        case "csv": self = .csv
        case "jsonl", "ndjson": self = .jsonLines
        default: return nil
        }
    }
}

/// Writes results, a line for each row: its number, the columns that are kept, and what the model answered.
struct ScoreEncoder: Sendable {
    let format: ScoreFormat
    let keep: [String]

    /// The first line of a CSV file.
    func head(_ columns: [String]) -> [UInt8] {
        guard format == .csv else { return [] }
        var line = Array("row".utf8)
        for name in keep + columns {
            line.append(UInt8(ascii: ","))
            Self.appendField(Array(name.utf8)[...], to: &line)
        }
        line.append(UInt8(ascii: "\n"))
        return line
    }

    /// The CSV columns that the answers of one row take: an output of several values gives several.
    func columns(of outputs: NamedTensors, rows: Int) -> [String] {
        outputs.flatMap { output -> [String] in
            let width = Self.valueCount(output.tensor, rows: rows)
            return width == 1 ? [output.name] : (0..<width).map { "\(output.name)_\($0)" }
        }
    }

    /// Appends the lines of `rows` of a block, whose answers `outputs` are.
    ///
    /// - Throws: `WireError` for texts that are not UTF-8, what reading a kept column throws.
    func append(
        _ outputs: NamedTensors, of rows: Range<Int>, in block: any RowBlock, to bytes: inout [UInt8]
    ) throws {
        var offsets = Array(repeating: 0, count: outputs.count)
        for (index, row) in rows.enumerated() {
            switch format {
            case .csv: bytes += String(block.firstRow + row).utf8
            case .jsonLines: bytes += "{\"row\":\(block.firstRow + row)".utf8
            }
            for column in keep.indices { try appendKept(try block.kept(row, column), keep[column], to: &bytes) }
            for (number, output) in outputs.enumerated() {
                try append(output, index, of: rows.count, &offsets[number], to: &bytes)
            }
            bytes += (format == .csv ? "\n" : "}\n").utf8
        }
    }

    private func appendKept(_ value: KeptValue, _ name: String, to bytes: inout [UInt8]) throws {
        switch (format, value) {
        case (.csv, .text(let text)), (.csv, .json(let text)):
            bytes.append(UInt8(ascii: ","))
            Self.appendField(text[...], to: &bytes)
        case (.jsonLines, .text(let text)):
            appendKey(name, to: &bytes)
            appendString(String(decoding: text, as: UTF8.self), to: &bytes)
        case (.jsonLines, .json(let json)):
            appendKey(name, to: &bytes)
            bytes += json
        }
    }

    /// Appends one row's answer of one output.
    ///
    /// - Parameter offset: Where the row's texts begin in the storage; moved on to the next row's.
    private func append(
        _ output: NamedTensors.Element, _ row: Int, of rows: Int, _ offset: inout Int, to bytes: inout [UInt8]
    ) throws {
        let tensor = output.tensor
        let count = Self.valueCount(tensor, rows: rows)
        let printer = TensorPrinter(tensor, name: output.name)
        defer { if tensor.elementType == .bytes { offset = tensor.byteOffset(after: count, from: offset) } }
        guard format == .csv else {
            appendKey(output.name, to: &bytes)
            let isRowWise = tensor.shape.dimensions.first == rows
            let inner = isRowWise ? Array(tensor.shape.dimensions.dropFirst()) : tensor.shape.dimensions
            return try printer.append(
                dimensions: inner, firstElement: row * count, firstByte: offset, to: &bytes)
        }
        if tensor.elementType == .bytes { return appendTexts(tensor, count, from: offset, to: &bytes) }
        guard count > 0 else { return }
        bytes.append(UInt8(ascii: ","))
        if count == 1 {
            return try printer.append(dimensions: [], firstElement: row, firstByte: 0, to: &bytes)
        }
        // A flat JSON list without its brackets is a piece of CSV.
        let start = bytes.count
        try printer.append(dimensions: [count], firstElement: row * count, firstByte: 0, to: &bytes)
        bytes.remove(at: start)
        bytes.removeLast()
    }

    private func appendTexts(_ tensor: Tensor, _ count: Int, from offset: Int, to bytes: inout [UInt8]) {
        var place = offset
        for _ in 0..<count {
            let end = tensor.byteOffset(after: 1, from: place)
            bytes.append(UInt8(ascii: ","))
            Self.appendField(Array(tensor.storage.bytes[(place + 4)..<end])[...], to: &bytes)
            place = end
        }
    }

    /// Values of one row.
    private static func valueCount(_ tensor: Tensor, rows: Int) -> Int { rows == 0 ? 0 : tensor.count / rows }

    private func appendKey(_ name: String, to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: ","))
        appendString(name, to: &bytes)
        bytes.append(UInt8(ascii: ":"))
    }

    private func appendString(_ text: String, to bytes: inout [UInt8]) {
        var json = JSONWriter()
        json.value(text)
        bytes += json.bytes
    }

    /// A CSV field, in quotes where it must be.
    private static func appendField(_ text: ArraySlice<UInt8>, to bytes: inout [UInt8]) {
        guard text.contains(where: { $0 == 0x22 || $0 == 0x2C || $0 == 0x0A || $0 == 0x0D }) else {
            return bytes += text
        }
        bytes.append(UInt8(ascii: "\""))
        for byte in text {
            if byte == UInt8(ascii: "\"") { bytes.append(byte) }
            bytes.append(byte)
        }
        bytes.append(UInt8(ascii: "\""))
    }
}
