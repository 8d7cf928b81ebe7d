// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore

/// Records on their way into a journal, in order, each as the bytes that are written down.
package struct JournalDraft: Sendable {
    /// What is known of a record without decoding it.
    package struct Item: Sendable {
        package let kind: JournalKind
        package let at: Timestamp
        /// Of a ``JournalRecord/clockStep(at:by:)``, else 0.
        package let back: Int64
        fileprivate let range: Range<Int>
    }

    /// So much memory is kept when the draft is begun anew.
    private static let keptBytes = 1 << 20

    private var writer = JournalWriter()
    package private(set) var items: [Item] = []

    package init() {}

    package init(_ records: [JournalRecord]) {
        for record in records { add(record) }
    }

    package var isEmpty: Bool { items.isEmpty }
    package var count: Int { items.count }
    package var byteCount: Int { writer.count }

    /// All records, decoded.
    package var records: [JournalRecord] {
        items.compactMap { item in withBytes(of: item) { JournalCodec.decode($0) } }
    }

    package mutating func add(_ record: JournalRecord) {
        let start = writer.count
        JournalCodec.encode(record, into: &writer)
        var back: Int64 = 0
        if case .clockStep(_, let milliseconds) = record { back = milliseconds }
        items.append(Item(kind: record.kind, at: record.at, back: back, range: start..<writer.count))
    }

    /// The same as ``add(_:)`` of it; gives its bytes' place.
    @discardableResult
    package mutating func add(_ prediction: PredictionRecord) -> Item {
        let start = writer.count
        JournalCodec.encode(prediction, into: &writer)
        let item = Item(kind: .prediction, at: prediction.at, back: 0, range: start..<writer.count)
        items.append(item)
        return item
    }

    package func withBytes<R>(of item: Item, _ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
        try writer.withBytes(item.range, body)
    }

    /// Begins anew in the same memory.
    package mutating func removeAll() {
        writer.removeAll(keeping: Self.keptBytes)
        items.removeAll(keepingCapacity: true)
    }
}
