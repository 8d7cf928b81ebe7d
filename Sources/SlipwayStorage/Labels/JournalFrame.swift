// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayFormats
import SlipwayMonitoring

/// The bytes around a record: length (32 bits), checksum (32 bits), number (64 bits), then the record.
enum JournalFrame {
    static let headerBytes = 16

    /// Puts a record with its frame at the end of `bytes`.
    static func append(_ payload: UnsafeRawBufferPointer, sequence: UInt64, to bytes: inout [UInt8]) {
        let start = bytes.count
        // The checksum, over what comes after it, is known when that is there.
        withUnsafeTemporaryAllocation(byteCount: headerBytes, alignment: 8) { header in
            header.storeBytes(of: UInt64(UInt32(payload.count)).littleEndian, as: UInt64.self)
            header.storeBytes(of: sequence.littleEndian, toByteOffset: 8, as: UInt64.self)
            bytes.append(contentsOf: UnsafeRawBufferPointer(header))
        }
        bytes.append(contentsOf: payload)
        bytes.withUnsafeMutableBytes { bytes in
            let checksum = CRC32.checksum(UnsafeRawBufferPointer(rebasing: bytes[(start + 8)...]))
            bytes.storeBytes(of: checksum.littleEndian, toByteOffset: start + 4, as: UInt32.self)
        }
    }

    /// The record at `offset` and where the next one starts; `nil` where there is no whole and undamaged one.
    static func decode(_ bytes: UnsafeRawBufferPointer, at offset: Int) -> (numbered: JournalStream.Numbered, end: Int)?
    {
        guard offset >= 0, bytes.count - offset >= headerBytes else { return nil }
        let length = Int(UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self)))
        let checksum = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset + 4, as: UInt32.self))
        guard length <= JournalCodec.maximumBytes, bytes.count - offset - headerBytes >= length else { return nil }
        let end = offset + headerBytes + length
        guard CRC32.checksum(UnsafeRawBufferPointer(rebasing: bytes[(offset + 8)..<end])) == checksum else {
            return nil
        }
        let sequence = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset + 8, as: UInt64.self))
        let payload = UnsafeRawBufferPointer(rebasing: bytes[(offset + headerBytes)..<end])
        guard sequence < .max, let record = JournalCodec.decode(payload) else { return nil }
        return (JournalStream.Numbered(sequence: sequence, record: record), end)
    }
}

/// The first bytes of a segment: a mark with the format's number, and the last time of the segments before it.
enum JournalHeader {
    static let byteCount = 24
    private static let mark: [UInt8] = Array("slwlabl1".utf8)

    static func encode(previousLast: Timestamp) -> [UInt8] {
        var bytes = mark
        withUnsafeBytes(of: previousLast.milliseconds.littleEndian) { bytes.append(contentsOf: $0) }
        withUnsafeBytes(of: UInt64(CRC32.checksum(bytes)).littleEndian) { bytes.append(contentsOf: $0) }
        return bytes
    }

    /// `nil` when it is none, or damaged.
    static func decode(_ bytes: UnsafeRawBufferPointer) -> Timestamp? {
        guard bytes.count >= byteCount, bytes.prefix(8).elementsEqual(mark) else { return nil }
        let checksum = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: 16, as: UInt64.self))
        guard UInt64(CRC32.checksum(UnsafeRawBufferPointer(rebasing: bytes[..<16]))) == checksum else { return nil }
        return Timestamp(
            milliseconds: Int64(littleEndian: bytes.loadUnaligned(fromByteOffset: 8, as: Int64.self)))
    }
}
