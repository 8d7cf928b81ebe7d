// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// A deflated zip entry, inflated as it is read.
///
/// Made for reading from front to back: going back begins again from the entry's start. The checksum is looked at
/// whenever the end is reached, before the last bytes are given out.
final class DeflatedSource: ByteSource {
    /// Packed bytes at a time: a thousand times as much may come out, and is held until it is asked for.
    private static let chunkSize = 16 * 1024
    /// How often the whole entry is inflated at most.
    private static let passes = 64

    /// Unchecked: zlib's stream is touched under the source's lock only.
    private struct State: @unchecked Sendable {
        var stream: InflateStream
        /// Where the next packed byte lies in the entry.
        var packedOffset = 0
        /// Bytes that are inflated and not asked for yet.
        var ahead: [UInt8] = []
        /// How many of ``ahead`` are done with.
        var used = 0
        /// Where the first byte of ``ahead`` lies in the unpacked entry.
        var aheadOffset = 0
        var checksum: UInt32 = 0
        /// Bytes inflated since the source was made, whenever it began again.
        var work = 0

        init(byteCount: Int) { stream = InflateStream(framing: .raw, outputLimit: byteCount) }
    }

    let byteCount: Int
    private let packed: any ByteSource
    private let entry: ZipEntry
    private let state: Mutex<State>

    init(_ entry: ZipEntry, packed: any ByteSource) {
        self.entry = entry
        self.packed = packed
        byteCount = entry.byteCount
        state = Mutex(State(byteCount: entry.byteCount))
    }

    func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws(FormatError) {
        try checkRange(offset: offset, count: buffer.count)
        try state.withLock { (state) throws(FormatError) in
            if offset < state.aheadOffset + state.used {
                let work = state.work
                state = State(byteCount: byteCount)
                state.work = work
            }
            var done = 0
            while done < buffer.count {
                let position = state.aheadOffset + state.used
                let wanted = offset + done
                if state.used == state.ahead.count { try inflateMore(&state) }
                let rest = state.ahead.count - state.used
                guard wanted <= position else {
                    state.used += min(rest, wanted - position)
                    continue
                }
                let count = min(rest, buffer.count - done)
                state.ahead.withUnsafeBytes { ahead in
                    UnsafeMutableRawBufferPointer(rebasing: buffer[done..<(done + count)])
                        .copyMemory(from: UnsafeRawBufferPointer(rebasing: ahead[state.used..<(state.used + count)]))
                }
                state.used += count
                done += count
            }
        }
    }

    /// Inflates the next packed chunks until there is at least one more byte.
    private func inflateMore(_ state: inout State) throws(FormatError) {
        state.aheadOffset += state.ahead.count
        state.ahead.removeAll(keepingCapacity: true)
        state.used = 0
        do throws(FormatError) {
            while state.ahead.isEmpty {
                let left = entry.compressedByteCount - state.packedOffset
                guard left > 0 else { throw FormatError(.truncated, "the compressed data end too early") }
                let chunk = try packed.bytes(at: state.packedOffset, count: min(Self.chunkSize, left))
                state.packedOffset += chunk.count
                var output = state.ahead
                state.ahead = []
                let stream = state.stream
                try chunk.withRawBytes { (raw) throws(FormatError) in try stream.append(raw, to: &output) }
                state.ahead = output
            }
        } catch  where error.code == .limitExceeded {
            throw ZipReader.damaged(entry)
        } catch {
            throw error.located(entry.name)
        }
        state.work = state.work.addingReportingOverflow(state.ahead.count).partialValue
        // An archive inside that is read in falling order would inflate everything again for each of its entries.
        guard state.work / Self.passes <= max(byteCount, 16 << 20) else {
            throw FormatError(
                .limitExceeded, "the zip entry would be inflated over and over; unpack it first", at: entry.name)
        }
        state.checksum = state.ahead.withUnsafeBytes { CRC32.checksum($0, continuing: state.checksum) }
        guard state.aheadOffset + state.ahead.count < byteCount || state.checksum == entry.crc32 else {
            throw ZipReader.damaged(entry)
        }
    }
}
