// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import SlipwayCore
package import SlipwayFormats
package import SlipwayWire

/// A file of feedback, read some items at a time: CSV with a head, or JSON lines.
///
/// CSV has a column `request_id` (or `id`), one `label`, and any others, which are business numbers; empty fields
/// count as left out. A line of JSON is an item as the feedback route takes it. Its calls block.
package struct FeedbackFile {
    private enum Lines {
        case csv(CSVStream, CSVHead)
        case json(LineStream)
    }

    private struct CSVHead {
        let identifier: Int
        let label: Int?
        let kpis: [(column: Int, name: String)]
        let width: Int
    }

    private static let identifiers = ["request_id", "requestID", "x-request-id", "id"]

    private var lines: Lines

    /// - Throws: `ControlError` for a name that ends in neither, and for a head without the columns.
    package init(path: String, _ source: any ByteSource) throws {
        switch DataFormat(path: path) {
        case .csv:
            var stream = CSVStream(source)
            let first = try stream.read(1)
            guard first.count == 1 else { throw ControlError(.invalidRequest, "the table is empty") }
            lines = .csv(stream, try Self.head(first.texts(of: 0)))
        case .jsonLines: lines = .json(LineStream(source))
        default:
            throw ControlError(
                .invalidRequest, "feedback is read from files that end in .csv or .jsonl, '\(path)' does not")
        }
    }

    private static func head(_ names: [String]) throws(ControlError) -> CSVHead {
        guard let identifier = names.firstIndex(where: { identifiers.contains($0) }) else {
            throw ControlError(
                .invalidRequest, "the table has no column 'request_id', it has [\(ColumnPlan.list(names))]")
        }
        let label = names.firstIndex(of: "label")
        let others = names.indices.filter { $0 != identifier && $0 != label }
        guard label != nil || !others.isEmpty else {
            throw ControlError(.invalidRequest, "the table has neither a column 'label' nor business numbers")
        }
        return CSVHead(
            identifier: identifier, label: label, kpis: others.map { ($0, names[$0]) }, width: names.count)
    }

    /// The next items, `count` at most; none at the end. What is wrong with an item stands in it.
    package mutating func next(_ count: Int) throws -> [FeedbackItemDTO] {
        switch lines {
        case .csv(var stream, let head):
            let block = try stream.read(count)
            lines = .csv(stream, head)
            return (0..<block.count).map { Self.item($0, of: block, head) }
        case .json(var stream):
            let block = try stream.read(count)
            lines = .json(stream)
            let decoder = JSONDecoder()
            return (0..<block.count).map { row in
                do {
                    return try decoder.decode(FeedbackItemDTO.self, from: Data(block.bytes[block.range(of: row)]))
                } catch {
                    return Self.unreadable("line \(block.line(of: row)) is not JSON")
                }
            }
        }
    }

    private static func item(_ row: Int, of block: CSVBlock, _ head: CSVHead) -> FeedbackItemDTO {
        if let damage = block.damage(of: row) { return unreadable("line \(block.line(of: row)): \(damage)") }
        guard block.width(of: row) == head.width else {
            return unreadable(
                "line \(block.line(of: row)): expected \(head.width) fields, got \(block.width(of: row))")
        }
        var item = FeedbackItemDTO(requestID: block.text(row, head.identifier))
        if item.requestID.isEmpty { item.problem = "line \(block.line(of: row)): 'request_id' is empty" }
        if let label = head.label.map({ block.text(row, $0) }), !label.isEmpty { item.label = LabelDTO(text: label) }
        var kpis: [String: Double] = [:]
        for (column, name) in head.kpis {
            let text = block.text(row, column)
            guard !text.isEmpty else { continue }
            guard let number = Double(text), number.isFinite else {
                item.problem = "line \(block.line(of: row)): '\(name)' is not a number"
                continue
            }
            kpis[name] = number
        }
        if !kpis.isEmpty { item.kpis = kpis }
        if item.problem == nil, item.label == nil, item.kpis == nil {
            item.problem = "line \(block.line(of: row)): no label and no business number"
        }
        return item
    }

    private static func unreadable(_ problem: String) -> FeedbackItemDTO {
        var item = FeedbackItemDTO(requestID: "")
        item.problem = problem
        return item
    }
}

extension LabelDTO {
    /// A label as people write it: a number where it is written as a plain decimal one, else text: `007` and `0x10` are
    /// names of classes.
    package init(text: String) {
        guard Self.isDecimal(text), let number = Double(text), number.isFinite else {
            self = .text(text)
            return
        }
        self = .number(number)
    }

    /// `-12`, `0.50` or `1e-05`; no zeros in front.
    private static func isDecimal(_ text: String) -> Bool {
        let digits = text.utf8.drop { $0 == UInt8(ascii: "-") }
        guard text.utf8.count - digits.count <= 1, let first = digits.first else { return false }
        let second = digits.dropFirst().first
        let hasZerosInFront = first == UInt8(ascii: "0") && second.map(isDigit) ?? false
        return isDigit(first) && !hasZerosInFront && digits.allSatisfy { isDigit($0) || ".eE+-".utf8.contains($0) }
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
}
