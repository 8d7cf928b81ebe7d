// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayFormats
import Testing

/// Files that claim more than they have, or lead round in circles: refused, and read no more than once.
@Suite("HDF5 bounds")
struct HDF5BoundsTests {
    private typealias Builder = HDF5Builder

    private func refused<T>(_ body: () throws -> T) -> FormatError? {
        #expect(throws: FormatError.self) { _ = try body() }
    }

    // MARK: Claims

    @Test("a rank, an extent or a product of extents that no file has is refused")
    func extents() throws {
        for space in [
            [Int](repeating: 1, count: 33), [1 << 40, 1 << 40], [1 << 62, 2, 2], [1 << 40], [Int.max],
            [1 << 31, 1 << 4],
        ] {
            var builder = Builder()
            let root = builder.object([
                Builder.space(space), Builder.byteType, (8, [3, 1] + Builder.undefined + Builder.number(0)),
            ])
            let file = try builder.file(root: root)
            let error = refused { try file.root.read() }
            #expect(error?.code == (space.count > 32 ? .unsupported : .limitExceeded), "\(space.count) extents")
        }
    }

    @Test("values that lie behind the file's end are refused")
    func contiguous() throws {
        var builder = Builder()
        let root = builder.object([
            Builder.space([1000]), Builder.byteType, (8, [3, 1] + Builder.number(16) + Builder.number(1000)),
        ])
        let file = try builder.file(root: root)
        #expect(refused { try file.root.read() }?.code == .truncated)
    }

    @Test("a tree that claims more chunks than it has, or than there may be, is refused", arguments: [3, 4, 65_535])
    func moreChunks(claimed: Int) throws {
        var builder = Builder()
        let data = builder.append([1, 2, 3, 4])
        var node = Builder.node(
            1, level: 0, (0..<4).map { Builder.chunk($0, byteCount: 1, at: data + $0) })
        node.replaceSubrange(6..<8, with: Builder.number(claimed, 2))
        let tree = builder.append(node)
        // Room for three chunks only.
        let root = builder.object([Builder.space([3]), Builder.byteType, Builder.chunked([1], tree: tree)])
        let file = try builder.file(root: root)
        if claimed == 3 {
            #expect(try file.root.read().values == .numbers(.uint8, [1, 2, 3]))
        } else {
            let error = refused { try file.root.read() }
            #expect(error?.code == (claimed == 4 ? .malformed : .truncated))
        }
    }

    @Test("a chunk that is larger than any file is refused", arguments: [[1 << 31, 1 << 31, 1 << 31], [1 << 31], [0]])
    func chunkExtents(extents: [Int]) throws {
        var builder = Builder()
        let tree = builder.append(Builder.node(1, level: 0, []))
        let root = builder.object([
            Builder.space(extents.map { _ in 4 }), Builder.byteType, Builder.chunked(extents, tree: tree),
        ])
        let file = try builder.file(root: root)
        let error = refused { try file.root.read() }
        #expect(error?.code == (extents == [0] ? .malformed : .limitExceeded))
    }

    @Test("chunks whose packed bytes lie over one another are refused before they are read again and again")
    func sharedChunks() throws {
        var builder = Builder()
        let large = builder.append([UInt8](repeating: 7, count: 4000))
        let tree = builder.append(
            Builder.node(1, level: 0, (0..<8).map { Builder.chunk($0, byteCount: 4000, at: large) }))
        let root = builder.object([Builder.space([8]), Builder.byteType, Builder.chunked([1], tree: tree)])
        let file = try builder.file(root: root)
        #expect(refused { try file.root.read() }?.code == .malformed)
    }

    @Test("more filters than anybody needs are refused")
    func filters() throws {
        for count in [8, 9, 255] {
            var builder = Builder()
            let data = builder.append([5])
            let tree = builder.append(Builder.node(1, level: 0, [Builder.chunk(0, byteCount: 1, at: data)]))
            let shuffle: [UInt8] = [2, 0, 0, 0, 1, 0, 1, 0, 0, 0]
            let pipeline: [UInt8] = [2, UInt8(count)] + [[UInt8]](repeating: shuffle, count: count).joined()
            let root = builder.object([
                Builder.space([1]), Builder.byteType, Builder.chunked([1], tree: tree), (11, pipeline),
            ])
            let file = try builder.file(root: root)
            if count == 8 {
                #expect(try file.root.read().values == .numbers(.uint8, [5]))
            } else {
                #expect(refused { try file.root.read() }?.code == .limitExceeded)
            }
        }
    }

    @Test("a group that claims more members than it has is refused")
    func moreMembers() throws {
        var builder = Builder()
        let root = try oldGroup(&builder, names: ["a"], claimed: 2000)
        let file = try builder.file(root: root)
        #expect(refused { try file.root.members() }?.code == .truncated)
    }

    @Test("names of members that lie over one another count each time")
    func sharedNames() throws {
        var limits = HDF5Limits()
        limits.headerByteCount = 4000
        for (count, isRefused) in [(3, false), (5, true)] {
            var builder = Builder()
            let long = String(repeating: "n", count: 1000)
            let root = try oldGroup(&builder, names: [long], claimed: nil, repeated: count)
            let file = try builder.file(root: root, limits: limits)
            if isRefused {
                #expect(refused { try file.root.members() }?.code == .limitExceeded)
            } else {
                #expect(try file.root.members().count == 3)
            }
        }
    }

    // MARK: Circles

    @Test("a header that goes on in itself is refused")
    func headerCircle() throws {
        var builder = Builder()
        let place = builder.end
        let back = (kind: UInt8(16), body: Builder.number(place) + Builder.number(28))
        builder.append(Builder.continuation([back]))
        let root = builder.object([(16, Builder.number(place) + Builder.number(28))])
        #expect(refused { try builder.file(root: root) }?.code == .malformed)
    }

    @Test("a tree of members, or of chunks, that leads back to itself or to a node twice is refused")
    func treeCircles() throws {
        for type in [UInt8(0), 1] {
            for isTwice in [false, true] {
                var builder = Builder()
                func entry(_ address: Int) -> [UInt8] {
                    type == 0
                        ? Builder.number(0) + Builder.number(address) : Builder.chunk(0, byteCount: 1, at: address)
                }
                let leaf = builder.append(Builder.node(type, level: 0, []))
                let top = builder.end
                // A node one level up cannot lead to itself: levels fall.
                builder.append(
                    Builder.node(type, level: 1, isTwice ? [entry(leaf), entry(leaf)] : [entry(top)]))
                let heap = heap(&builder, [0])
                var messages = [Builder.space([1]), Builder.byteType, Builder.chunked([1], tree: top)]
                if type == 0 { messages = [(17, Builder.number(top) + Builder.number(heap))] }
                let root = builder.object(messages)
                let file = try builder.file(root: root)
                let error = type == 0 ? refused { try file.root.members() } : refused { try file.root.read() }
                #expect(error?.code == .malformed)
            }
        }
    }

    @Test("a group that holds itself is listed; who follows its links decides how far")
    func groupCircle() throws {
        var builder = Builder()
        let root = builder.end
        builder.object([Builder.link("self", to: root)])
        var object = try builder.file(root: root).root
        for _ in 0..<5 { object = try #require(try object.object(at: "self")) }
        #expect(object.path == "/self/self/self/self/self")
        #expect(try object.members().count == 1)
    }

    @Test("a tree of version 2 that leads to a node twice is refused")
    func newTreeCircle() throws {
        var builder = Builder()
        let width = 16
        let leaf = builder.append(Array("BTLF".utf8) + [0, 10] + [UInt8](repeating: 0, count: 100))
        // A record, between two pointers to the same leaf of no records.
        let pointer = Builder.number(leaf) + [0]
        let record = [UInt8](repeating: 0, count: width)
        let top = builder.append(
            [Array("BTIN".utf8), [0, 10], record, pointer, pointer, [0, 0, 0, 0]].flatMap { $0 })
        let shape = [Builder.number(512, 4), Builder.number(width, 2), Builder.number(1, 2), [100, 40]].flatMap { $0 }
        let place = [Builder.number(top), Builder.number(1, 2), Builder.number(1)].flatMap { $0 }
        let tree = builder.append(Array("BTHD".utf8) + [0, 10] + shape + place + [0, 0, 0, 0])
        let extents = Builder.number(1, 4) + Builder.number(1, 4)
        let index = [5] + Builder.number(512, 4) + [100, 40] + Builder.number(tree)
        let layout = [4, 2, 0, 2, 4] + extents + index
        let root = builder.object([Builder.space([4]), Builder.byteType, (8, layout)])
        let file = try builder.file(root: root)
        let error = refused { try file.root.read() }
        #expect(error?.message.contains("twice") == true)
    }

    // MARK: Parts

    /// A local heap of these names.
    private func heap(_ builder: inout Builder, _ names: [UInt8]) -> Int {
        let data = builder.append(names)
        return builder.append(
            Array("HEAP".utf8) + [0, 0, 0, 0] + Builder.number(names.count) + Builder.number(1) + Builder.number(data))
    }

    /// A local heap with these names, and a symbol table that names each so many times.
    private func oldGroup(
        _ builder: inout Builder, names: [String], claimed: Int?, repeated: Int = 1
    ) throws -> Int {
        let heap = heap(&builder, names.flatMap { Array($0.utf8) + [0] })
        let member = builder.object([])
        // Names that begin one letter later each time are other names.
        let entries = (0..<repeated).map {
            Builder.number($0) + Builder.number(member) + [UInt8](repeating: 0, count: 24)
        }
        let table = builder.append(
            Array("SNOD".utf8) + [1, 0] + Builder.number(claimed ?? entries.count, 2) + entries.flatMap { $0 })
        let tree = builder.append(Builder.node(0, level: 0, [Builder.number(0) + Builder.number(table)]))
        return builder.object([(17, Builder.number(tree) + Builder.number(heap))])
    }
}
