// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayFormats
import SlipwayRegistry
import SlipwaySecurity

/// The checksum inside a segment: the sha256 of all its bytes, taken with zeros in the checksum's own place.
///
/// It lies in the footer's metadata under ``key``, so that a segment is one file, complete under its name or not there.
enum CaptureSeal {
    static let key = "slipway.seal"
    private static let mark = Array("sha256:".utf8)
    private static let zeros = [UInt8](repeating: 0x30, count: 64)
    /// Footers grow with columns and batches; ours are far below.
    private static let footerLimit = 64 << 20

    /// What is written in the place of the checksum at first.
    static var blank: String { String(decoding: mark + zeros, as: UTF8.self) }

    /// Puts the checksum into the last bytes of a file, given the hash of all before.
    static func seal(_ tail: inout [UInt8], _ hasher: SHA256Hasher) {
        guard let place = place(in: tail, where: { $0 == 0x30 }) else { return }
        var hasher = hasher
        hasher.update(tail)
        tail.replaceSubrange(place, with: Array(hasher.digest().hex.utf8))
    }

    /// Whether a file is what was sealed.
    ///
    /// - Throws: ``RegistryError`` `corrupt` when it is not, ``FormatError`` when it cannot be read.
    static func check(_ source: any ByteSource, path: String) throws {
        guard source.byteCount >= 10 else { throw damaged(path) }
        let end = try source.bytes(at: source.byteCount - 10, count: 4)
        let footer = end.withUnsafeBytes { Int(UInt32(littleEndian: $0.loadUnaligned(as: UInt32.self))) }
        guard footer <= footerLimit, footer + 10 <= source.byteCount else { throw damaged(path) }
        let start = source.byteCount - 10 - footer
        var tail = try source.bytes(at: start, count: footer + 10)
        guard let place = place(in: tail, where: { _ in true }) else { throw damaged(path) }
        let found = String(decoding: tail[place], as: UTF8.self)
        tail.replaceSubrange(place, with: zeros)
        var hasher = SHA256Hasher()
        var offset = 0
        while offset < start {
            let count = min(SHA256Hasher.chunkSize, start - offset)
            hasher.update(try source.bytes(at: offset, count: count))
            offset += count
        }
        hasher.update(tail)
        guard hasher.digest().hex == found else { throw damaged(path) }
    }

    /// Where the digits of the last mark lie; names of columns, which come earlier, may hold a mark too.
    private static func place(in tail: [UInt8], where fits: (UInt8) -> Bool) -> Range<Int>? {
        var start = tail.count - mark.count - zeros.count
        while start >= 0 {
            if tail[start] == mark[0], tail[start..<(start + mark.count)].elementsEqual(mark) {
                let digits = (start + mark.count)..<(start + mark.count + zeros.count)
                if tail[digits].allSatisfy(fits) { return digits }
            }
            start -= 1
        }
        return nil
    }

    static func damaged(_ path: String) -> RegistryError {
        RegistryError(
            .corrupt,
            "the captured segment is damaged: what is in it is not what was written, so it is set aside; "
                + "the other segments are not affected", location: path)
    }
}
