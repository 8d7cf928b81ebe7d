// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import SlipwayCore

/// `x-request-id`: the client's own where it is usable, else one made here.
enum RequestIdentifier {
    static let header = HTTPField.Name.known("x-request-id")

    /// Longer ones are replaced, so that logs stay readable.
    static let longest = 128

    static func choose(given: String?) -> String {
        guard let given, (1...longest).contains(given.utf8.count),
            given.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else { return UInt64.random(in: .min ... .max).hexadecimal }
        return given
    }
}

extension HTTPField.Name {
    /// A field name that is written in the source.
    ///
    /// - Precondition: It is a token (RFC 9110, section 5.6.2).
    static func known(_ name: String) -> HTTPField.Name {
        guard let name = HTTPField.Name(name) else { preconditionFailure("\(name) is not a field name") }
        return name
    }
}
