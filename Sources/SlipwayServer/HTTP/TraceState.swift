// SPDX-License-Identifier: Apache-2.0

/// The grammar of `tracestate` (W3C Trace Context, section 3.3): `key=value` members, joined by commas.
enum TraceState {
    /// Longer ones need not be carried on.
    static let longest = 512
    static let mostMembers = 32

    static func isValid(_ text: String) -> Bool {
        guard text.utf8.count <= longest else { return false }
        var keys: Set<Substring> = []
        var members = 0
        for member in text.split(separator: ",", omittingEmptySubsequences: false) {
            let member = trimmed(member)
            // Empty members are allowed.
            guard !member.isEmpty else { continue }
            members += 1
            guard members <= mostMembers, let equals = member.utf8.firstIndex(of: UInt8(ascii: "=")) else {
                return false
            }
            let key = member[..<equals]
            guard isKey(key), isValue(member[member.utf8.index(after: equals)...]), keys.insert(key).inserted else {
                return false
            }
        }
        return members > 0
    }

    private static func trimmed(_ text: Substring) -> Substring {
        let isSpace: (UInt8) -> Bool = { $0 == 0x20 || $0 == 0x09 }
        guard let first = text.utf8.firstIndex(where: { !isSpace($0) }),
            let last = text.utf8.lastIndex(where: { !isSpace($0) })
        else { return "" }
        return text[first...last]
    }

    private static func isKey(_ key: Substring) -> Bool {
        guard let first = key.utf8.first, key.utf8.count <= 256 else { return false }
        let isLetterOrDigit: (UInt8) -> Bool = { (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) }
        return isLetterOrDigit(first) && key.utf8.allSatisfy { isLetterOrDigit($0) || "_-*/@".utf8.contains($0) }
    }

    private static func isValue(_ value: Substring) -> Bool {
        guard !value.isEmpty, value.utf8.count <= 256 else { return false }
        return value.utf8.allSatisfy { (0x20...0x7E).contains($0) && $0 != UInt8(ascii: "=") }
    }
}
