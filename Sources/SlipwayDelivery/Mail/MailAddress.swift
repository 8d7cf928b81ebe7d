// SPDX-License-Identifier: Apache-2.0

/// An address that can stand in a command and in a header without changing either.
package struct MailAddress: Sendable, Hashable, CustomStringConvertible {
    package let description: String

    /// A dot-atom of RFC 5322, `@`, and a host's name; 254 bytes at most. Quoted local parts and display names are
    /// refused: no alert needs them, and they are what injections are made of.
    package init(_ text: String) throws(DeliveryError) {
        let parts = text.split(separator: "@", omittingEmptySubsequences: false)
        guard text.utf8.count <= 254, parts.count == 2, Self.isLocal(parts[0]), Self.isHost(parts[1]) else {
            throw .settings("'\(Self.shown(text))' is no mail address: write name@example.com")
        }
        description = text
    }

    private static func isLocal(_ text: Substring) -> Bool {
        (1...64).contains(text.utf8.count) && text.first != "." && text.last != "." && !text.contains("..")
            && text.utf8.allSatisfy { isLetter($0) || "!#$%&'*+-/=?^_`{|}~.".utf8.contains($0) }
    }

    static func isHost(_ text: Substring) -> Bool {
        (1...253).contains(text.utf8.count) && text.first != "-" && text.first != "." && text.last != "."
            && !text.contains("..") && text.utf8.allSatisfy { isLetter($0) || "-.".utf8.contains($0) }
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "A")...UInt8(ascii: "Z"):
            true
        default: false
        }
    }

    private static func shown(_ text: String) -> String {
        String(text.unicodeScalars.prefix(64).map { $0.isASCII && $0.value >= 0x20 ? Character($0) : "?" })
    }
}
