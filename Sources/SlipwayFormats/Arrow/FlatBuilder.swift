// SPDX-License-Identifier: Apache-2.0

/// Writes a FlatBuffers message, from its end to its beginning.
///
/// What is referred to is written before what refers to it, so that every offset points forward. Places are counted
/// from the message's end.
///
/// Format: FlatBuffers, "Internals".
struct FlatBuilder {
    /// Where something lies: bytes from its first one to the message's end.
    struct Place {
        fileprivate let fromEnd: Int
    }

    enum Field {
        case byte(UInt8)
        case bool(Bool)
        case short(Int16)
        case int(Int32)
        case long(Int64)
        case reference(Place)

        fileprivate var width: Int {
            switch self {
            case .byte, .bool: 1
            case .short: 2
            case .int, .reference: 4
            case .long: 8
            }
        }
    }

    /// The message's bytes, the last one first.
    private var reversed: [UInt8] = []
    private static let alignment = 8

    /// Pads so that what starts `count` bytes on is aligned.
    private mutating func align(_ alignment: Int, after count: Int = 0) {
        while (reversed.count + count) % alignment != 0 { reversed.append(0) }
    }

    private mutating func put<T: FixedWidthInteger>(_ value: T) {
        withUnsafeBytes(of: value.littleEndian) { reversed.append(contentsOf: $0.reversed()) }
    }

    private mutating func put(referenceTo place: Place) {
        put(UInt32(truncatingIfNeeded: reversed.count + 4 - place.fromEnd))
    }

    mutating func string(_ text: String) -> Place {
        let bytes = Array(text.utf8)
        align(4, after: bytes.count + 1)
        reversed.append(0)
        reversed.append(contentsOf: bytes.reversed())
        put(UInt32(truncatingIfNeeded: bytes.count))
        return Place(fromEnd: reversed.count)
    }

    mutating func vector(_ places: [Place]) -> Place {
        align(4)
        for place in places.reversed() { put(referenceTo: place) }
        put(UInt32(truncatingIfNeeded: places.count))
        return Place(fromEnd: reversed.count)
    }

    /// A vector of structs whose members are 64-bit numbers; `words` holds them one after another.
    mutating func vector(words: [Int64], count: Int) -> Place {
        align(8)
        for word in words.reversed() { put(word) }
        put(UInt32(truncatingIfNeeded: count))
        return Place(fromEnd: reversed.count)
    }

    /// - Parameter fields: By their number; those left out have their default.
    mutating func table(_ fields: [Int: Field]) -> Place {
        let end = reversed.count
        var places: [Int: Int] = [:]
        // The widest lie nearest to the end, so that little is padded.
        let order = fields.sorted { ($0.value.width, $0.key) > ($1.value.width, $1.key) }
        for (number, field) in order {
            align(field.width)
            switch field {
            case .byte(let value): put(value)
            case .bool(let value): put(value ? 1 as UInt8 : 0)
            case .short(let value): put(value)
            case .int(let value): put(value)
            case .long(let value): put(value)
            case .reference(let place): put(referenceTo: place)
            }
            places[number] = reversed.count
        }
        align(4)
        put(0 as Int32)
        let table = reversed.count
        let slots = (fields.keys.max() ?? -1) + 1
        for slot in stride(from: slots - 1, through: 0, by: -1) {
            put(places[slot].map { UInt16(truncatingIfNeeded: table - $0) } ?? 0)
        }
        put(UInt16(truncatingIfNeeded: table - end))
        put(UInt16(truncatingIfNeeded: 4 + 2 * slots))
        // The table begins with how far back its list of places lies.
        let back = Int32(truncatingIfNeeded: reversed.count - table)
        withUnsafeBytes(of: back.littleEndian) { bytes in
            for (index, byte) in bytes.enumerated() { reversed[table - 1 - index] = byte }
        }
        return Place(fromEnd: table)
    }

    /// The message with this root, a multiple of 8 bytes long.
    consuming func finished(root: Place) -> [UInt8] {
        align(Self.alignment, after: 4)
        put(referenceTo: root)
        return reversed.reversed()
    }
}
