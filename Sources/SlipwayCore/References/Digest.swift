// SPDX-License-Identifier: Apache-2.0

/// The sha256 of an artifact: its address.
public struct Digest: Sendable, Hashable, Codable, CustomStringConvertible {
    /// 64 lower-case hexadecimal digits.
    public let hex: String

    /// `nil` unless `hex` is 64 lower-case hexadecimal digits.
    public init?(hex: String) {
        guard hex.utf8.count == 64,
            hex.utf8.allSatisfy({ (0x30...0x39).contains($0) || (0x61...0x66).contains($0) })
        else { return nil }
        self.hex = hex
    }

    /// - Precondition: 32 bytes.
    public init(bytes: some Collection<UInt8>) {
        precondition(bytes.count == 32, "a sha256 has 32 bytes")
        let digits = Array("0123456789abcdef".utf8)
        hex = String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }

    /// `sha256:ab12...`
    public var description: String { "sha256:" + hex }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let digest = Digest(hex: text.hasPrefix("sha256:") ? String(text.dropFirst(7)) : text) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not a sha256: \(text)")
        }
        self = digest
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
