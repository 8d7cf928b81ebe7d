// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore
import SlipwaySecurity

/// The address of a bundle: one digest for all of its files and their names.
package enum BundleDigest {
    /// sha256 over the bundle's canonical list.
    ///
    /// The list has one entry per file, in the order of the paths' UTF-8 bytes: the path, a zero byte, the file's
    /// sha256 as 64 lower-case hexadecimal digits, a zero byte, its size in bytes as a decimal number, a line feed.
    /// A path holds no zero byte, so no two lists of files have the same canonical list.
    package static func of(files: [BundleFile]) -> Digest {
        var hasher = SHA256Hasher()
        for file in files.sorted(by: { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }) {
            hasher.update(Array(file.path.utf8) + [0])
            hasher.update(Array(file.digest.hex.utf8) + [0])
            hasher.update(Array(String(file.byteCount).utf8) + [0x0A])
        }
        return hasher.digest()
    }
}
