// SPDX-License-Identifier: Apache-2.0

import Glibc
import SlipwayCore
import SlipwayMonitoring
import SlipwayRegistry

/// The segments of one kind of record: `predictions-00000007.log`. Not shared: its journal's lock is around it.
final class JournalStream {
    enum Kind: String {
        case predictions, feedback
        /// Whether a record is on the disk before the call returns.
        var isSynchronized: Bool { self == .feedback }
    }

    struct Limits {
        var maximumBytes: Int
        /// A segment ends after so many bytes, or when its first record is so old.
        var segmentBytes: Int { max(maximumBytes / 8, 16 << 10) }
        let segmentMilliseconds: Int64 = 6 * 3_600_000
    }

    struct Numbered {
        let sequence: UInt64
        let record: JournalRecord
    }

    /// Records on their way into a segment.
    struct Draft {
        var bytes: [UInt8] = []
        var first: Timestamp?
        var last: Timestamp?
        var back: Int64 = 0
        var isEmpty: Bool { bytes.isEmpty }

        mutating func add(_ payload: UnsafeRawBufferPointer, sequence: UInt64, item: JournalDraft.Item) {
            JournalFrame.append(payload, sequence: sequence, to: &bytes)
            if item.back != 0 {
                back += item.back
                first = nil
            }
            first = first ?? item.at
            last = item.at
        }

        /// Begins anew in the same memory, unless that is much.
        mutating func removeAll() {
            bytes.removeAll(keepingCapacity: bytes.count <= 1 << 20)
            (first, last, back) = (nil, nil, 0)
        }
    }

    struct Segment {
        let number: Int
        var bytes: Int
        /// The last time of the segments before it.
        var previousLast: Timestamp
        var first: Timestamp?
        var last: Timestamp?

        mutating func move(back: Int64) {
            previousLast = previousLast.moved(back: back)
            first = first?.moved(back: back)
            last = last?.moved(back: back)
        }
    }

    let folder: String
    let kind: Kind
    let limits: Limits
    let writer: FileWriter
    /// Ascending by number; the last is being written once a record came.
    private(set) var segments: [Segment] = []
    private(set) var damaged = 0
    private var descriptor: Int32 = -1

    init(folder: String, kind: Kind, limits: Limits, writer: FileWriter) {
        self.folder = folder
        self.kind = kind
        self.limits = limits
        self.writer = writer
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
    }

    var bytes: Int { segments.reduce(0) { $0 + $1.bytes } }

    /// Everything from this time on is kept.
    var horizon: Timestamp {
        guard let oldest = segments.first, oldest.number > 0 else { return JournalHorizon.none.predictions }
        return Timestamp(milliseconds: oldest.previousLast.milliseconds &+ 1)
    }

    func path(_ number: Int) -> String {
        let digits = String(number)
        return "\(folder)/\(kind.rawValue)-" + String(repeating: "0", count: max(0, 8 - digits.count)) + digits + ".log"
    }

    // MARK: Opening

    /// Reads all segments, cuts the last one's torn tail, and gives the highest number of a record.
    func open() throws -> UInt64 {
        var newest: UInt64 = 0
        let numbers = try numbers()
        for number in numbers {
            let bytes = try Self.contents(of: path(number))
            let isLast = number == numbers.last
            let read = bytes.withUnsafeBytes { scan($0, number: number) }
            guard let (segment, highest) = read else {
                // Not even a header: made in the moment of a crash, or not ours to understand.
                damaged += isLast && bytes.count < JournalHeader.byteCount ? 0 : 1
                if isLast { try remove(number) }
                continue
            }
            newest = max(newest, highest)
            if segment.bytes < bytes.count {
                if !isLast { damaged += 1 }
                if isLast { try cut(path(number), to: segment.bytes) }
            }
            segments.append(segment)
        }
        return newest
    }

    private func numbers() throws -> [Int] { try PosixFolder.names(in: folder).compactMap { number($0) }.sorted() }

    private func number(_ name: String) -> Int? {
        guard name.hasPrefix(kind.rawValue + "-"), name.hasSuffix(".log") else { return nil }
        return Int(name.dropFirst(kind.rawValue.count + 1).dropLast(4)).flatMap { $0 >= 0 ? $0 : nil }
    }

    /// What a segment holds up to its first damage; times of earlier ones move where the clock was put back in it.
    private func scan(_ bytes: UnsafeRawBufferPointer, number: Int) -> (Segment, UInt64)? {
        guard let previousLast = JournalHeader.decode(bytes) else { return nil }
        var segment = Segment(number: number, bytes: JournalHeader.byteCount, previousLast: previousLast)
        var newest: UInt64 = 0
        while let (numbered, end) = JournalFrame.decode(bytes, at: segment.bytes) {
            if case .clockStep(_, let back) = numbered.record {
                segment.move(back: back)
                for index in segments.indices { segments[index].move(back: back) }
            }
            segment.first = segment.first ?? numbered.record.at
            segment.last = numbered.record.at
            segment.bytes = end
            newest = max(newest, numbered.sequence)
        }
        return (segment, newest)
    }

    static func contents(of path: String) throws -> [UInt8] {
        var bytes: [UInt8] = []
        try PosixFile(reading: path).forEachChunk { bytes.append(contentsOf: $0) }
        return bytes
    }

    private func cut(_ path: String, to length: Int) throws {
        guard truncate(path, off_t(length)) == 0 else {
            throw RegistryError(systemError: errno, doing: "cut", path: path)
        }
    }

    private func remove(_ number: Int) throws {
        guard unlink(path(number)) == 0 || errno == ENOENT else {
            throw RegistryError(systemError: errno, doing: "removed", path: path(number))
        }
    }

    // MARK: Writing

    /// Adds a draft to the newest segment: all of it or, when it throws, none.
    func append(_ draft: Draft) throws {
        try openNewest(for: draft)
        let index = segments.count - 1
        let path = path(segments[index].number)
        // What an earlier failure could not take back is taken back first.
        let length = lseek(descriptor, 0, SEEK_END)
        if length != segments[index].bytes {
            guard ftruncate(descriptor, off_t(segments[index].bytes)) == 0 else {
                throw RegistryError(systemError: errno, doing: "cut", path: path)
            }
        }
        do {
            try write(draft.bytes, path: path)
            if kind.isSynchronized, fdatasync(descriptor) != 0 {
                throw RegistryError(systemError: errno, doing: "flushed", path: path)
            }
        } catch {
            _ = ftruncate(descriptor, off_t(segments[index].bytes))
            throw error
        }
        segments[index].bytes += draft.bytes.count
        if draft.back != 0 {
            for position in segments.indices { segments[position].move(back: draft.back) }
        }
        segments[index].first = segments[index].first ?? draft.first
        segments[index].last = draft.last ?? segments[index].last
        try bound()
    }

    private func write(_ bytes: [UInt8], path: String) throws {
        try bytes.withUnsafeBytes { bytes in
            var rest = bytes
            while !rest.isEmpty {
                switch writer.write(descriptor, rest) {
                case .wrote(let count): rest = UnsafeRawBufferPointer(rebasing: rest[count...])
                case .failed(EINTR): continue
                case .failed(let code): throw RegistryError(systemError: code, doing: "written", path: path)
                }
            }
        }
    }

    /// Makes sure that there is a segment with room, open for appending.
    private func openNewest(for draft: Draft) throws {
        if let newest = segments.last {
            var age: Int64 = 0
            if let first = newest.first, let last = draft.last { age = last.milliseconds &- first.milliseconds }
            let isFull = newest.bytes >= limits.segmentBytes || age > limits.segmentMilliseconds
            if !isFull {
                if descriptor < 0 { try openFile(newest.number, flags: O_WRONLY | O_APPEND) }
                return
            }
        }
        try start()
    }

    /// Starts a new segment; nothing has changed when it throws.
    private func start() throws {
        let number = (segments.last?.number ?? -1) + 1
        let previousLast = segments.last.map { $0.last ?? $0.previousLast } ?? JournalHorizon.none.predictions
        if descriptor >= 0 {
            // What the newer segment says comes after these, also when the power goes.
            if fdatasync(descriptor) != 0 {
                throw RegistryError(systemError: errno, doing: "flushed", path: folder)
            }
            close(descriptor)
            descriptor = -1
        }
        try openFile(number, flags: O_WRONLY | O_APPEND | O_CREAT | O_TRUNC)
        do {
            let header = JournalHeader.encode(previousLast: previousLast)
            try write(header, path: path(number))
            if kind.isSynchronized {
                guard fdatasync(descriptor) == 0 else {
                    throw RegistryError(systemError: errno, doing: "flushed", path: path(number))
                }
                try PosixFolder.synchronize(folder)
            }
            segments.append(Segment(number: number, bytes: header.count, previousLast: previousLast))
        } catch {
            close(descriptor)
            descriptor = -1
            unlink(path(number))
            throw error
        }
    }

    private func openFile(_ number: Int, flags: Int32) throws {
        descriptor = Glibc.open(path(number), flags | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw RegistryError(systemError: errno, doing: "opened", path: path(number)) }
    }

    // MARK: Forgetting

    /// Removes segments that hold nothing from `instant` on.
    func drop(before instant: Timestamp) throws {
        if let newest = segments.last, let last = newest.last, last < instant { try start() }
        while segments.count > 1, segments[0].last ?? segments[0].previousLast < instant {
            try remove(segments[0].number)
            segments.removeFirst()
        }
    }

    /// Removes the oldest segments while there are too many bytes, never the newest.
    private func bound() throws {
        while segments.count > 1, bytes > limits.maximumBytes {
            try remove(segments[0].number)
            segments.removeFirst()
        }
    }

    func cursor(since: Timestamp) -> JournalCursor {
        JournalCursor(paths: segments.map { (path($0.number), $0.bytes) }, since: since)
    }

    /// Everything that lies in the folder now, beside whoever writes it: not to be opened before.
    func cursorOfAll() throws -> JournalCursor {
        JournalCursor(paths: try numbers().map { (path($0), .max) }, since: Timestamp(milliseconds: .min))
    }
}

extension Timestamp {
    /// Stays at the ends of time.
    fileprivate func moved(back: Int64) -> Timestamp {
        let (result, overflow) = milliseconds.subtractingReportingOverflow(back)
        return Timestamp(milliseconds: overflow ? .min : result)
    }
}
