// SPDX-License-Identifier: Apache-2.0

/// One file inside a zip file.
public struct ZipEntry: Sendable, Hashable {
    public enum Method: Sendable, Hashable {
        case stored, deflated
        /// A number from the specification that is not read here.
        case other(UInt16)
    }

    /// As written in the file: with `/` between parts, and not to be trusted as a path.
    public let name: String
    public let method: Method
    public let compressedByteCount: Int
    public let byteCount: Int
    public let crc32: UInt32
    let isEncrypted: Bool
    let localHeaderOffset: Int
}
