// SPDX-License-Identifier: Apache-2.0

/// What a node of a pickle is.
enum PickleTag: UInt8 {
    case none, yes, no, integer, float
    /// Wider than 64 bits: two's complement, little-endian, in the arena's bytes; or the digits of a text.
    case bigInteger, bigIntegerText
    /// UTF-8 in the arena's bytes; the long ones in a block of their own.
    case text, longText
    case bytes, longBytes
    /// Python 2's `str`: text or bytes.
    case byteText, longByteText
    case tuple, list, set, dictionary
    case array, elementType, object, global
}

/// One value of a pickle: what it is, and where its content lies.
struct PickleNode {
    let tag: PickleTag
    var low: UInt32
    var high: UInt32

    @inline(__always)
    init(_ tag: PickleTag, _ low: UInt32 = 0, _ high: UInt32 = 0) {
        self.tag = tag
        self.low = low
        self.high = high
    }

    @inline(__always)
    init(_ value: Int64) { self.init(.integer, bits: UInt64(bitPattern: value)) }

    @inline(__always)
    init(_ value: Double) { self.init(.float, bits: value.bitPattern) }

    @inline(__always)
    private init(_ tag: PickleTag, bits: UInt64) {
        self.init(tag, UInt32(truncatingIfNeeded: bits), UInt32(truncatingIfNeeded: bits >> 32))
    }

    var bits: UInt64 { UInt64(high) << 32 | UInt64(low) }
    var integer: Int64 { Int64(bitPattern: bits) }
    var float: Double { Double(bitPattern: bits) }
}

/// Members that were added to a list, set or dictionary at once; chained by number, 0 for none.
struct PickleSegment {
    let start: UInt32
    var count: UInt32
    var next: UInt32
}

/// The first and the last segment of a container.
struct PickleChain {
    var first: UInt32 = 0
    var last: UInt32 = 0
}

/// An instance under construction; parts are numbers of nodes, `nil` where there are none.
struct PickleRecord {
    let type: PickleName
    var arguments: UInt32?
    var keywords: UInt32?
    var state: UInt32?
    var items = PickleChain()
    var entries = PickleChain()
}

/// A numpy array under construction.
struct PickleArrayRecord {
    var element: NumpyElement = .object
    var shape: [Int] = []
    var isFortranOrder = false
    var content: Content = .empty
    /// Between `_reconstruct` and `BUILD`.
    var isPending = false

    enum Content {
        case empty
        case bytes([UInt8])
        case objects([UInt32])
    }
}

/// All values of a pickle in a few large arrays, so that millions of them cost little.
struct PickleArena {
    /// Texts and bytes from this size on get memory of their own.
    static let blockThreshold = 4096

    var nodes: [PickleNode] = []
    var children: [UInt32] = []
    /// The first is not used, so that 0 can say "none".
    var segments = [PickleSegment(start: 0, count: 0, next: 0)]
    var bytes: [UInt8] = []
    var blocks: [[UInt8]] = []
    var names: [PickleName] = []
    var records: [PickleRecord] = []
    var arrays: [PickleArrayRecord] = []
    var elementTypes: [NumpyElement] = []

    /// The members of a chain, in order.
    func members(of chain: PickleChain) -> [UInt32] {
        var result: [UInt32] = []
        var next = chain.first
        while next != 0 {
            let segment = segments[Int(next)]
            result += children[Int(segment.start)..<Int(segment.start + segment.count)]
            next = segment.next
        }
        return result
    }

    /// The first members of a tuple, list, set or dictionary; of others none.
    func prefix(of node: PickleNode, upTo limit: Int) -> [UInt32] {
        if node.tag == .tuple { return Array(children[Int(node.low)..<Int(node.low) + min(Int(node.high), limit)]) }
        guard [.list, .set, .dictionary].contains(node.tag) else { return [] }
        var result: [UInt32] = []
        var next = node.low
        while next != 0, result.count < limit {
            let segment = segments[Int(next)]
            let count = min(Int(segment.count), limit - result.count)
            result += children[Int(segment.start)..<Int(segment.start) + count]
            next = segment.next
        }
        return result
    }

    /// The members of a tuple, list, set or dictionary; of others none.
    func members(of node: PickleNode) -> [UInt32] {
        switch node.tag {
        case .tuple: Array(children[Int(node.low)..<Int(node.low + node.high)])
        case .list, .set, .dictionary: members(of: PickleChain(first: node.low, last: node.high))
        default: []
        }
    }

    /// The content of a text or of bytes; `nil` for others.
    func content(of node: PickleNode) -> ArraySlice<UInt8>? {
        switch node.tag {
        case .text, .bytes, .byteText, .bigInteger, .bigIntegerText:
            bytes[Int(node.low)..<Int(node.low) + Int(node.high)]
        case .longText, .longBytes, .longByteText: blocks[Int(node.low)][...]
        default: nil
        }
    }

    /// A text; lone surrogates, which Python allows, are replaced. Python 2's strings only where they are UTF-8.
    func text(_ index: UInt32) -> String? {
        let node = nodes[Int(index)]
        guard let content = content(of: node) else { return nil }
        return switch node.tag {
        case .text, .longText: String(decoding: content, as: UTF8.self)
        case .byteText, .longByteText: String(validating: content, as: UTF8.self)
        default: nil
        }
    }

    /// Adds members to a chain: to its last segment where that ends where they begin, else as a new one.
    @inline(__always)
    mutating func append(_ members: ArraySlice<UInt32>, to chain: inout PickleChain) {
        let start = UInt32(truncatingIfNeeded: children.count)
        let count = UInt32(truncatingIfNeeded: members.count)
        children.append(contentsOf: members)
        if chain.last != 0 {
            let last = segments[Int(chain.last)]
            if last.start &+ last.count == start {
                segments[Int(chain.last)].count = last.count &+ count
                return
            }
        }
        let number = UInt32(truncatingIfNeeded: segments.count)
        segments.append(PickleSegment(start: start, count: count, next: 0))
        if chain.last == 0 { chain.first = number } else { segments[Int(chain.last)].next = number }
        chain.last = number
    }
}
