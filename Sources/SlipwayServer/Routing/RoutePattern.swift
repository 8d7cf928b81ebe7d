// SPDX-License-Identifier: Apache-2.0

/// A path template: literal segments and `{name}` parameters, each alone in its segment or followed by a literal.
package struct RoutePattern: Sendable, Hashable {
    private enum Segment: Sendable, Hashable {
        case literal(String)
        case parameter(name: String, suffix: String)
    }

    package let template: String
    private let segments: [Segment]

    /// - Parameter template: `/v1/models/{model}:predict`.
    package init(_ template: String) {
        self.template = template
        segments = template.split(separator: "/").map { segment in
            guard segment.hasPrefix("{"), let end = segment.firstIndex(of: "}") else {
                return .literal(String(segment))
            }
            return .parameter(
                name: String(segment[segment.index(after: segment.startIndex)..<end]),
                suffix: String(segment[segment.index(after: end)...]))
        }
    }

    package var segmentCount: Int { segments.count }

    /// The parameters' values, still percent-encoded; `nil` when the path does not match.
    package func match(_ path: [Substring]) -> [(name: String, value: Substring)]? {
        guard path.count == segments.count else { return nil }
        var parameters: [(name: String, value: Substring)] = []
        for (segment, text) in zip(segments, path) {
            switch segment {
            case .literal(let literal):
                guard text == literal else { return nil }
            case .parameter(let name, let suffix):
                guard text.count > suffix.count, text.hasSuffix(suffix) else { return nil }
                parameters.append((name, text.dropLast(suffix.count)))
            }
        }
        return parameters
    }

    /// Names of the parameters in order.
    package var parameterNames: [String] {
        segments.compactMap { if case .parameter(let name, _) = $0 { name } else { nil } }
    }
}

/// Decodes `%XX`; `nil` when an escape is not two hexadecimal digits, or the bytes are not UTF-8.
package func percentDecoded(_ text: Substring) -> String? {
    guard text.utf8.contains(UInt8(ascii: "%")) else { return String(text) }
    var bytes: [UInt8] = []
    var rest = text.utf8[...]
    while let byte = rest.popFirst() {
        guard byte == UInt8(ascii: "%") else {
            bytes.append(byte)
            continue
        }
        guard let high = rest.popFirst().flatMap(hexadecimalValue), let low = rest.popFirst().flatMap(hexadecimalValue)
        else { return nil }
        bytes.append(high << 4 | low)
    }
    return String(validating: bytes, as: UTF8.self)
}

private func hexadecimalValue(_ digit: UInt8) -> UInt8? {
    switch digit {
    case 0x30...0x39: digit - 0x30
    case 0x41...0x46: digit - 0x37
    case 0x61...0x66: digit - 0x57
    default: nil
    }
}
