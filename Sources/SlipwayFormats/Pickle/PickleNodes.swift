// SPDX-License-Identifier: Apache-2.0

/// The values of a pickle, by number; they refer to one another by number too.
final class PickleNodes: Sendable {
    private let arena: PickleArena

    init(_ arena: consuming PickleArena) { self.arena = arena }

    func kind(of index: Int) -> PickleValue.Kind {
        let node = arena.nodes[index]
        switch node.tag {
        case .none: return .none
        case .yes: return .bool(true)
        case .no: return .bool(false)
        case .integer: return .integer(node.integer)
        case .float: return .float(node.float)
        case .bigInteger, .bigIntegerText: return .bigInteger(bigInteger(node))
        case .text, .longText, .byteText, .longByteText:
            if let text = arena.text(UInt32(truncatingIfNeeded: index)) { return .string(text) }
            return .bytes(arena.content(of: node).map { Array($0) } ?? [])
        case .bytes: return .bytes(arena.content(of: node).map { Array($0) } ?? [])
        case .longBytes: return .bytes(arena.blocks[Int(node.low)])
        case .tuple: return .tuple(values(arena.members(of: node)))
        case .list: return .list(values(arena.members(of: node)))
        case .set: return .set(values(arena.members(of: node)))
        case .dictionary: return .dictionary(entries(arena.members(of: node)))
        case .array: return .array(array(arena.arrays[Int(node.low)]))
        case .elementType: return .elementType(arena.elementTypes[Int(node.low)])
        case .object: return .object(object(arena.records[Int(node.low)]))
        case .global: return .global(arena.names[Int(node.low)])
        }
    }

    private func value(_ number: UInt32) -> PickleValue { PickleValue(self, Int(number)) }
    private func values(_ numbers: [UInt32]) -> [PickleValue] { numbers.map(value) }

    private func entries(_ numbers: [UInt32]) -> [PickleValue.Entry] {
        stride(from: 0, to: numbers.count - 1, by: 2).map {
            PickleValue.Entry(key: value(numbers[$0]), value: value(numbers[$0 + 1]))
        }
    }

    private func array(_ record: PickleArrayRecord) -> NumpyArray {
        let content: NumpyArray.Content =
            switch record.content {
            case .empty: .bytes([])
            case .bytes(let bytes): .bytes(bytes)
            case .objects(let numbers): .objects(self, numbers)
            }
        return NumpyArray(
            element: record.element, shape: record.shape, isFortranOrder: record.isFortranOrder, content: content)
    }

    private func object(_ record: PickleRecord) -> PickleObject {
        var keywords: [String: PickleValue] = [:]
        for entry in record.keywords.map({ entries(arena.members(of: arena.nodes[Int($0)])) }) ?? [] {
            if let name = entry.key.string { keywords[name] = entry.value }
        }
        return PickleObject(
            type: record.type,
            arguments: record.arguments.map { values(arena.members(of: arena.nodes[Int($0)])) } ?? [],
            keywordArguments: keywords, state: record.state.map(value),
            items: values(arena.members(of: record.items)), entries: entries(arena.members(of: record.entries)))
    }

    /// Decimal digits, or hexadecimal ones where there would be more than 300.
    private func bigInteger(_ node: PickleNode) -> String {
        guard let content = arena.content(of: node) else { return "0" }
        if node.tag == .bigIntegerText { return String(decoding: content, as: UTF8.self) }
        // Two's complement, lowest byte first, as a sign and a size.
        let isNegative = content.last.map { $0 & 0x80 != 0 } ?? false
        var carry: UInt16 = 1
        let size = content.map { byte -> UInt8 in
            guard isNegative else { return byte }
            carry += UInt16(~byte)
            defer { carry >>= 8 }
            return UInt8(truncatingIfNeeded: carry)
        }
        let sign = isNegative ? "-" : ""
        let digits = Array("0123456789abcdef")
        guard size.count <= 124 else {
            let text = size.reversed().flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }.drop { $0 == "0" }
            return sign + "0x" + String(text)
        }
        var rest = Array(size.reversed())
        var text: [Character] = []
        while rest.contains(where: { $0 != 0 }) {
            var remainder = 0
            for index in rest.indices {
                let value = remainder << 8 | Int(rest[index])
                rest[index] = UInt8(truncatingIfNeeded: value / 10)
                remainder = value % 10
            }
            text.append(digits[remainder])
        }
        return sign + (text.isEmpty ? "0" : String(text.reversed()))
    }
}
