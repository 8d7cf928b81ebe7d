// SPDX-License-Identifier: Apache-2.0

/// Records as bytes in the order in which they came, found by a key that each begins with; the oldest go first.
///
/// Records lie one after another in chunks whose memory is used again while the ring turns. They are found through
/// buckets: each holds its newest record, which knows the one before it. Positions only grow, so an entry from before
/// the oldest record ends a walk, and removing a record never touches the index.
///
/// A value without clock or lock. Copies share their memory until one changes: keep none where records are added.
package struct PredictionRing: Sendable {
    /// Where a record lies, counted in bytes since the ring was made.
    package typealias Position = UInt64

    /// What is known of a record without reading its bytes.
    package struct Header: Sendable, Equatable, BitwiseCopyable {
        package let hash: UInt64
        /// The record that was its bucket's newest before; none when it is from before ``head``.
        fileprivate var previous: Position
        package let at: Int64
        package let length: UInt32
        /// Two numbers that mean something to the owner alone.
        package let version: UInt16
        package var flags: UInt16
    }

    static let headerBytes = MemoryLayout<Header>.size
    /// A record's part of the index: two to four buckets of eight bytes.
    static let indexBytes = 32
    private static let fewestBuckets = 64

    private let shift: UInt64
    /// By chunk number, modulo their count, which is a power of two.
    private var chunks: [[UInt8]] = [[]]
    /// A chunk that was emptied, for the next.
    private var spare: [UInt8]?
    /// The newest record of each; their number is a power of two, and at least twice that of the records.
    private var buckets = [Position](repeating: 0, count: fewestBuckets)

    /// Means nothing: what was read only to be near must be used for something.
    private var warmed: UInt64 = 0

    package private(set) var count = 0
    /// Of all records, with their headers and their parts of the index.
    package private(set) var bytes = 0
    /// The oldest record; ``tail`` when there is none.
    package private(set) var head: Position
    /// The end of the newest record.
    package private(set) var tail: Position

    /// - Parameter chunkBytes: Brought to a power of two that is not above it, from 4 KiB to 1 MiB.
    package init(chunkBytes: Int) {
        let bounded = UInt64(min(max(chunkBytes, 4 << 10), 1 << 20))
        shift = UInt64(63 - bounded.leadingZeroBitCount)
        // 0 is of no record, so that it can stand for none in the index.
        head = 1 << shift
        tail = head
    }

    package var isEmpty: Bool { count == 0 }

    /// What a record of so many bytes adds to ``bytes``.
    package static func cost(_ length: Int) -> Int { length + headerBytes + indexBytes }

    /// The hash of an id, with a seed of this process: nobody outside can choose ids that fall together.
    package static func hash(_ id: String) -> UInt64 {
        var id = id
        return id.withUTF8 { hash(UnsafeRawBufferPointer($0)) }
    }

    /// The same of an id's bytes.
    static func hash(_ id: UnsafeRawBufferPointer) -> UInt64 {
        var hasher = Hasher()
        hasher.combine(bytes: id)
        return UInt64(bitPattern: Int64(hasher.finalize()))
    }

    // MARK: Adding and removing

    /// Puts a record of less than 4 GiB at the end.
    ///
    /// - Parameters:
    ///   - hash: Follows from the key that the record begins with.
    ///   - at: A time; here it is only kept.
    @discardableResult
    package mutating func append(
        _ record: UnsafeRawBufferPointer, hash: UInt64, at: Int64, version: UInt16 = 0, flags: UInt16 = 0
    ) -> Position {
        fitIndex()
        let total = Self.headerBytes + record.count
        let position = makeRoom(total)
        let bucket = bucket(of: hash)
        let header = Header(
            hash: hash, previous: buckets[bucket], at: at, length: UInt32(truncatingIfNeeded: record.count),
            version: version, flags: flags)
        let chunk = index(of: position)
        withUnsafeBytes(of: header) { chunks[chunk].append(contentsOf: $0) }
        chunks[chunk].append(contentsOf: record)
        buckets[bucket] = position
        tail = position + UInt64(total)
        count += 1
        bytes += Self.cost(record.count)
        return position
    }

    package mutating func removeOldest() {
        guard count > 0 else { return }
        let length = Int(header(at: head).length)
        count -= 1
        bytes -= Self.cost(length)
        moveHead(to: position(after: head, length: length))
    }

    // MARK: Reading

    /// - Parameter position: Of a record that is here, as all of these methods want it.
    package func header(at position: Position) -> Header {
        let offset = offset(of: position)
        return chunks[index(of: position)].withUnsafeBytes {
            $0.loadUnaligned(fromByteOffset: offset, as: Header.self)
        }
    }

    package mutating func setFlags(_ flags: UInt16, at position: Position) {
        var header = header(at: position)
        header.flags = flags
        write(header, at: position)
    }

    package func withRecord<R>(at position: Position, _ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
        let start = offset(of: position)
        return try chunks[index(of: position)].withUnsafeBytes { bytes in
            let header = bytes.loadUnaligned(fromByteOffset: start, as: Header.self)
            let first = start + Self.headerBytes
            return try body(UnsafeRawBufferPointer(rebasing: bytes[first..<(first + Int(header.length))]))
        }
    }

    /// The next newer record; ``tail`` after the newest.
    package func position(after position: Position) -> Position {
        self.position(after: position, length: Int(header(at: position).length))
    }

    /// The newest record that begins with `key`; `nil` without one.
    package func newest(_ key: UnsafeRawBufferPointer, hash: UInt64) -> Position? {
        find(key, hash: hash, from: buckets[bucket(of: hash)])
    }

    /// The next older record that begins with the same key.
    package func older(than position: Position, _ key: UnsafeRawBufferPointer) -> Position? {
        let header = header(at: position)
        return find(key, hash: header.hash, from: header.previous)
    }

    private func find(_ key: UnsafeRawBufferPointer, hash: UInt64, from start: Position) -> Position? {
        var position = start
        while position >= head {
            let header = header(at: position)
            if header.hash == hash, withRecord(at: position, { $0.prefix(key.count).elementsEqual(key) }) {
                return position
            }
            position = header.previous
        }
        return nil
    }

    /// Reads what looking for records of these hashes will read. Done before for several at once, the waits for
    /// memory are one after another no longer.
    package mutating func warm(_ hashes: [UInt64]) {
        withUnsafeTemporaryAllocation(of: Position.self, capacity: hashes.count) { newest in
            for index in hashes.indices { newest[index] = buckets[bucket(of: hashes[index])] }
            for position in newest where position >= head { warmed &+= header(at: position).hash }
        }
    }

    // MARK: Chunks

    private var chunkBytes: Int { 1 << Int(shift) }

    private func offset(of position: Position) -> Int { Int(truncatingIfNeeded: position & ((1 << shift) - 1)) }

    private func index(of position: Position) -> Int {
        Int(truncatingIfNeeded: position >> shift) & (chunks.count - 1)
    }

    private mutating func write(_ header: Header, at position: Position) {
        let offset = offset(of: position)
        chunks[index(of: position)].withUnsafeMutableBytes {
            $0.storeBytes(of: header, toByteOffset: offset, as: Header.self)
        }
    }

    private func position(after position: Position, length: Int) -> Position {
        first(from: position + UInt64(Self.headerBytes + length))
    }

    /// The first record at the end of another or after it; ``tail`` when there is none.
    ///
    /// What was ``tail`` once may be the end of a chunk by now: the next record did not fit in it.
    package func first(from end: Position) -> Position {
        var next = end
        // Records do not cross chunks, and one that is larger than a chunk takes the numbers of several.
        while next < tail, offset(of: next) >= chunks[index(of: next)].count { next = ((next >> shift) + 1) << shift }
        return next
    }

    /// Where a record and its header will be: in the newest chunk, or at the start of one made for it.
    private mutating func makeRoom(_ total: Int) -> Position {
        let used = offset(of: tail)
        if used > 0, used + total <= chunkBytes, chunks[index(of: tail)].count == used { return tail }
        let number = (tail >> shift) + (used > 0 ? 1 : 0)
        let start = number << shift
        if count == 0 {
            moveHead(to: start)
            tail = start
        }
        let end = number + UInt64((total + chunkBytes - 1) >> Int(shift))
        if end - (head >> shift) > UInt64(chunks.count) { growChunks(until: end) }
        if total <= chunkBytes, let chunk = spare {
            spare = nil
            chunks[index(of: start)] = chunk
        } else {
            chunks[index(of: start)].reserveCapacity(max(total, chunkBytes))
        }
        return start
    }

    private mutating func moveHead(to position: Position) {
        while head >> shift < position >> shift {
            recycle(index(of: head))
            head = ((head >> shift) + 1) << shift
        }
        head = position
    }

    private mutating func recycle(_ index: Int) {
        var chunk: [UInt8] = []
        swap(&chunk, &chunks[index])
        guard spare == nil, chunk.capacity >= chunkBytes, chunk.capacity < 2 * chunkBytes else { return }
        chunk.removeAll(keepingCapacity: true)
        spare = chunk
    }

    private mutating func growChunks(until end: UInt64) {
        var size = chunks.count
        while end - (head >> shift) > UInt64(size) { size *= 2 }
        var larger = [[UInt8]](repeating: [], count: size)
        for number in (head >> shift)...(tail >> shift) {
            let index = Int(truncatingIfNeeded: number)
            swap(&larger[index & (size - 1)], &chunks[index & (chunks.count - 1)])
        }
        chunks = larger
    }

    // MARK: Index

    private func bucket(of hash: UInt64) -> Int { Int(truncatingIfNeeded: hash) & (buckets.count - 1) }

    /// Makes sure that one more record finds its index neither crowded nor, after many left, far too large.
    private mutating func fitIndex() {
        if 2 * (count + 1) > buckets.count {
            fillIndex(2 * buckets.count)
        } else if buckets.count > Self.fewestBuckets, 16 * (count + 1) < buckets.count {
            fillIndex(buckets.count / 2)
        }
    }

    private mutating func fillIndex(_ size: Int) {
        buckets = [Position](repeating: 0, count: size)
        var position = head
        for _ in 0..<count {
            var header = header(at: position)
            let bucket = bucket(of: header.hash)
            header.previous = buckets[bucket]
            write(header, at: position)
            buckets[bucket] = position
            position = self.position(after: position, length: Int(header.length))
        }
    }
}
