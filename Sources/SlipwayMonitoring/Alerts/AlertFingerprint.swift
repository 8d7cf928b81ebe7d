// SPDX-License-Identifier: Apache-2.0

import SlipwayCore

/// Names an alert by what it is about, so that every reading, replica and restart gives the same name.
package enum AlertFingerprint {
    /// 16 hexadecimal digits: FNV-1a of 64 bits over the fields, each after its length so that none runs into the next.
    package static func of(rule: String, key: SignalKey) -> String {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        func add(_ byte: UInt8) { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
        for field in [rule, key.endpoint, key.version.map { "\($0)" }, key.kind.rawValue, key.subject] {
            guard let field else {
                add(0xFF)
                continue
            }
            for byte in String(field.utf8.count).utf8 { add(byte) }
            add(UInt8(ascii: ":"))
            for byte in field.utf8 { add(byte) }
        }
        return hash.hexadecimal
    }
}
