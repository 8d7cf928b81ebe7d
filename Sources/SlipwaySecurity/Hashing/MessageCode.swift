// SPDX-License-Identifier: Apache-2.0

import struct Crypto.HMAC
import struct Crypto.SHA256
import struct Crypto.SymmetricKey

/// Proves that whoever wrote a message knew a key: HMAC-SHA256 of RFC 2104.
package enum MessageCode {
    /// 32 bytes.
    package static func hmacSHA256(of message: [UInt8], key: [UInt8]) -> [UInt8] {
        Array(HMAC<SHA256>.authenticationCode(for: message, using: SymmetricKey(data: key)))
    }
}
