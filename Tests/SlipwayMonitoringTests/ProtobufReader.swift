// SPDX-License-Identifier: Apache-2.0

/// Reads protobuf's wire format as it is specified, for tests of what writes it.
struct ProtobufReader {
    enum Value {
        case varint(UInt64)
        case double(Double)
        case bytes([UInt8])
    }

    struct Malformed: Error {}

    private var rest: ArraySlice<UInt8>

    init(_ bytes: [UInt8]) { rest = bytes[...] }

    var isAtEnd: Bool { rest.isEmpty }

    mutating func varint() throws -> UInt64 {
        var value: UInt64 = 0
        for place in 0..<10 {
            guard let byte = rest.popFirst() else { throw Malformed() }
            value |= UInt64(byte & 0x7F) << UInt64(7 * place)
            if byte < 0x80 { return value }
        }
        throw Malformed()
    }

    mutating func take(_ count: Int) throws -> [UInt8] {
        guard count <= rest.count else { throw Malformed() }
        defer { rest = rest.dropFirst(count) }
        return Array(rest.prefix(count))
    }

    /// The fields of a message in order.
    static func fields(_ bytes: [UInt8]) throws -> [(number: UInt64, value: Value)] {
        var reader = ProtobufReader(bytes)
        var result: [(number: UInt64, value: Value)] = []
        while !reader.isAtEnd {
            let key = try reader.varint()
            switch key & 7 {
            case 0: result.append((key >> 3, .varint(try reader.varint())))
            case 1:
                let pattern = try reader.take(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
                result.append((key >> 3, .double(Double(bitPattern: pattern))))
            case 2: result.append((key >> 3, .bytes(try reader.take(Int(try reader.varint())))))
            default: throw Malformed()
            }
        }
        return result
    }

    static func zigzag(_ value: UInt64) -> Int64 { Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1) }
}

extension [(number: UInt64, value: ProtobufReader.Value)] {
    func messages(_ number: UInt64) -> [[UInt8]] {
        compactMap { if $0.number == number, case .bytes(let bytes) = $0.value { bytes } else { nil } }
    }

    func text(_ number: UInt64) -> String? { messages(number).first.map { String(decoding: $0, as: UTF8.self) } }

    func varint(_ number: UInt64) -> UInt64? {
        compactMap { if $0.number == number, case .varint(let value) = $0.value { value } else { nil } }.first
    }

    func double(_ number: UInt64) -> Double? {
        compactMap { if $0.number == number, case .double(let value) = $0.value { value } else { nil } }.first
    }
}
