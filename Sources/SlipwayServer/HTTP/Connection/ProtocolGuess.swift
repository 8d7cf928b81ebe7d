// SPDX-License-Identifier: Apache-2.0

/// Tells from a connection's first bytes whether it speaks HTTP/2 (RFC 9113, section 3.4) or HTTP/1.
package struct ProtocolGuess: Sendable {
    package enum Verdict: Sendable, Hashable {
        case http1
        case http2
        /// All bytes so far begin HTTP/2's preface.
        case undecided
    }

    private static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)

    private var matched = 0

    package init() {}

    /// - Parameter bytes: Those that follow the ones given before.
    package mutating func received(_ bytes: some Sequence<UInt8>) -> Verdict {
        for byte in bytes where matched < Self.preface.count {
            guard byte == Self.preface[matched] else { return .http1 }
            matched += 1
        }
        return matched == Self.preface.count ? .http2 : .undecided
    }
}
