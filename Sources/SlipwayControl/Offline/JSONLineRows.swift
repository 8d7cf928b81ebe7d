// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayFormats
import SlipwayWire

/// The rows of a JSON lines file: on each line an object from input name to value, the values of the only input, or
/// one row in `{"data": [row]}` or `{"instances": [row]}`.
struct JSONLineRows: RowSource {
    private var stream: LineStream
    private var row: Int
    private let source: any ByteSource
    private let signature: ModelSignature
    private let keep: [String]

    init(_ source: any ByteSource, _ signature: ModelSignature, keep: [String], from position: RowPosition?) {
        stream = LineStream(source, from: position?.text ?? TextPosition())
        row = position?.row ?? 0
        self.source = source
        self.signature = signature
        self.keep = keep
    }

    var position: RowPosition { RowPosition(row: row, text: stream.position) }
    var fraction: Double { source.byteCount == 0 ? 1 : Double(stream.position.offset) / Double(source.byteCount) }

    mutating func next(_ count: Int, byteCount: Int) throws -> (any RowBlock)? {
        let block = try stream.read(count, byteCount: byteCount)
        guard block.count > 0 else { return nil }
        defer { row += block.count }
        return JSONLineBlock(firstRow: row, signature: signature, keep: keep, block: block)
    }

    mutating func skip(_ count: Int) throws -> Int {
        let done = try stream.skip(count)
        row += done
        return done
    }
}

private struct JSONLineBlock: RowBlock {
    let firstRow: Int
    let signature: ModelSignature
    let keep: [String]
    let block: LineBlock

    var count: Int { block.count }

    func line(of row: Int) -> Int? { block.line(of: row) }

    /// Puts the rows together as one plain request and reads that.
    func tensors(_ rows: Range<Int>) throws -> NamedTensors {
        let names = signature.inputs.map(\.name)
        var body = Array(#"{"data":["#.utf8)
        for row in rows {
            if row > rows.lowerBound { body.append(UInt8(ascii: ",")) }
            try append(JSONLine(block.bytes[block.range(of: row)]), names, to: &body)
        }
        body += "]}".utf8
        let decoder = PlainDecoder(endpoint: "model", signature: signature)
        let tensors = try body.withUnsafeBytes { try decoder.decode($0) }.inference.inputs
        guard tensors.allSatisfy({ $0.tensor.shape.dimensions.first == rows.count }) else {
            throw ControlError(.invalidRequest, "expected one row a line, got another number")
        }
        return tensors
    }

    private func append(_ line: JSONLine, _ names: [String], to body: inout [UInt8]) throws {
        switch line.form {
        case .value(let range): body += block.bytes[range]
        case .object(let members):
            if let rows = line.wrappedRows(besides: names) {
                guard !block.bytes[rows].allSatisfy(JSONLine.isSpace) else {
                    throw ControlError(.invalidRequest, "expected one row a line, got none")
                }
                return body += block.bytes[rows]
            }
            body.append(UInt8(ascii: "{"))
            var isFirst = true
            for member in members where names.contains(where: { block.bytes[member.name].elementsEqual($0.utf8) }) {
                if !isFirst { body.append(UInt8(ascii: ",")) }
                isFirst = false
                body.append(UInt8(ascii: "\""))
                body += block.bytes[member.name]
                body += "\":".utf8
                body += block.bytes[member.value]
            }
            body.append(UInt8(ascii: "}"))
        }
    }

    func kept(_ row: Int, _ index: Int) throws -> KeptValue {
        let line = try JSONLine(block.bytes[block.range(of: row)])
        guard case .object(let members) = line.form,
            let member = members.first(where: { block.bytes[$0.name].elementsEqual(keep[index].utf8) })
        else {
            throw ControlError(.invalidRequest, "expected a member '\(keep[index])' to keep, the line has none")
        }
        let value = Array(block.bytes[member.value])
        // The line was taken apart at its top level only, and nothing else looks into what is kept.
        let list = [UInt8(ascii: "[")] + value + [UInt8(ascii: "]")]
        do {
            try list.withUnsafeBytes { try JSONScanner.checkOneValue(inList: $0) }
        } catch {
            throw ControlError(
                .invalidRequest, "expected JSON as the member '\(keep[index])' to keep, got other text", cause: error)
        }
        return .json(value)
    }
}
