// SPDX-License-Identifier: Apache-2.0

package import SlipwayFormats

extension ProtobufWriter {
    /// A field that claims `length` bytes and brings none: what a truncated or hostile file looks like.
    package mutating func claimedLength(_ field: Int, _ length: Int) {
        append(UInt64(field) << 3 | 2)
        append(UInt64(bitPattern: Int64(length)))
    }
}
