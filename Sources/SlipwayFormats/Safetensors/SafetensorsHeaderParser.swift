// SPDX-License-Identifier: Apache-2.0

/// Reads the header's JSON in one pass: nothing but the objects, texts and whole numbers that the format has.
struct SafetensorsHeaderParser {
    private var scanner: SafetensorsScanner
    private let limits: SafetensorsLimits

    init(_ source: any ByteSource, limits: SafetensorsLimits) {
        scanner = SafetensorsScanner(source, textLimit: limits.textByteCount)
        self.limits = limits
    }

    mutating func parse() throws(FormatError) -> SafetensorsHeader {
        var header = SafetensorsHeader()
        var names: Set<String> = []
        var member = try scanner.openObject()
        while member {
            let name = try scanner.key()
            guard names.insert(name).inserted else {
                throw FormatError(.malformed, "the header names it twice", at: Self.shown(name))
            }
            if name == "__metadata__" {
                header.metadata = try metadata()
            } else {
                guard header.tensors.count < limits.tensorCount else {
                    throw FormatError(.limitExceeded, "the file has more than \(limits.tensorCount) tensors")
                }
                header.tensors.append(try tensor(name))
            }
            member = try scanner.nextMember()
        }
        try scanner.end()
        return header
    }

    private mutating func metadata() throws(FormatError) -> [String: String] {
        var result: [String: String] = [:]
        var member = try scanner.openObject()
        while member {
            let key = try scanner.key()
            guard result.updateValue(try scanner.text(), forKey: key) == nil else {
                throw FormatError(.malformed, "the metadata name '\(Self.shown(key))' twice", at: "__metadata__")
            }
            member = try scanner.nextMember()
        }
        return result
    }

    private mutating func tensor(_ name: String) throws(FormatError) -> SafetensorsTensor {
        var (type, shape, offsets): (SafetensorsType?, [Int]?, [Int]?)
        let place = Self.shown(name)
        var member = try scanner.openObject()
        while member {
            let key = try scanner.key()
            switch (key, type, shape, offsets) {
            case ("dtype", nil, _, _):
                let text = try scanner.text()
                guard let known = SafetensorsType(rawValue: text) else {
                    throw FormatError(
                        .unsupported, "elements of type '\(Self.shown(text))' are not known", at: place)
                }
                type = known
            case ("shape", _, nil, _): shape = try scanner.numbers(atMost: limits.rank)
            case ("data_offsets", _, _, nil): offsets = try scanner.numbers(atMost: 2)
            default:
                throw FormatError(
                    .malformed, "expected dtype, shape and data_offsets once each, got '\(Self.shown(key))'", at: place)
            }
            member = try scanner.nextMember()
        }
        guard let type, let shape, let offsets else {
            throw FormatError(.malformed, "expected dtype, shape and data_offsets once each, one is missing", at: place)
        }
        guard offsets.count == 2, offsets[0] <= offsets[1] else {
            throw FormatError(.malformed, "data_offsets is \(offsets), expected a begin and an end", at: place)
        }
        return SafetensorsTensor(name: name, type: type, shape: shape, range: offsets[0]..<offsets[1])
    }

    private static func shown(_ text: String) -> String { text.count > 80 ? text.prefix(80) + "..." : text }
}
