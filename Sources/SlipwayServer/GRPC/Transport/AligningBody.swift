// SPDX-License-Identifier: Apache-2.0

import SlipwayCore

/// Puts a protobuf message together from its pieces so that its large top-level byte fields begin where tensors must.
///
/// Each such field is moved to the next aligned address by an unknown field written before it, which every reader of
/// the message skips. Tensors are then views of the message: socket to here is the only copy they take. What is not
/// protobuf is copied as it comes, for its reader to refuse.
package final class AligningBody {
    /// Fields smaller than this are not worth the padding: a reader copies them.
    package static let smallest = 2048
    /// Fields moved at most: each may cost `TensorStorage.alignment + 2` bytes.
    private static let mostMoved = 64
    /// Memory set aside for a message before it comes: a length that is only announced must not exhaust the address
    /// space, however large the limit was made.
    private static let largestReservation = 1 << 30

    private enum State {
        /// Inside a tag, and in a length or a number that follows it.
        case head
        /// Inside a value of so many more bytes.
        case value(Int)
        /// Not protobuf: copied as it comes.
        case verbatim
    }

    package let body: ReceivedBody
    private var state = State.head
    /// Tag and length of the field that begins, as far as they came.
    private var head: [UInt8] = []
    private var moved = 0
    /// Bytes of the body that are padding.
    package private(set) var padding = 0

    package init(messageLength: Int) {
        let room = messageLength >= Self.smallest ? Self.mostMoved * (TensorStorage.alignment + 2) : 0
        body = ReceivedBody(capacity: min(messageLength, Self.largestReservation) + room, aligning: 0)
        head.reserveCapacity(20)
    }

    package func append(_ bytes: UnsafeRawBufferPointer) {
        var rest = bytes[...]
        while !rest.isEmpty {
            switch state {
            case .verbatim:
                body.append(UnsafeRawBufferPointer(rebasing: rest))
                return
            case .value(let count):
                let part = rest.prefix(count)
                body.append(UnsafeRawBufferPointer(rebasing: part))
                rest = rest.dropFirst(part.count)
                state = count == part.count ? .head : .value(count - part.count)
            case .head:
                head.append(rest.removeFirst())
                readHead()
            }
        }
    }

    /// What is left of a message that ends inside a field's head.
    package func finish() {
        guard !head.isEmpty else { return }
        head.withUnsafeBytes { body.append($0) }
        head.removeAll(keepingCapacity: true)
    }

    /// Decides once the head is whole.
    private func readHead() {
        guard let (tag, afterTag) = Self.varint(head, from: 0) else { return flushIfTooLong() }
        switch tag & 7 {
        case 0:
            guard Self.varint(head, from: afterTag) != nil else { return flushIfTooLong() }
            flush(then: .head)
        case 1: flush(then: .value(8))
        case 5: flush(then: .value(4))
        case 2:
            guard let (length, end) = Self.varint(head, from: afterTag) else { return flushIfTooLong() }
            guard length > 0, let count = Int(exactly: length) else {
                return flush(then: length == 0 ? .head : .verbatim)
            }
            if count >= Self.smallest, moved < Self.mostMoved { align(after: end) }
            flush(then: .value(count))
        default: flush(then: .verbatim)
        }
    }

    /// Writes an unknown field (number 15, bytes) so that what follows the head's `headLength` bytes is aligned.
    private func align(after headLength: Int) {
        let alignment = TensorStorage.alignment
        let misaligned = (body.count + headLength) % alignment
        guard misaligned != 0 else { return }
        var gap = alignment - misaligned
        if gap < 2 { gap += alignment }
        let filler = [UInt8](unsafeUninitializedCapacity: gap) { buffer, count in
            buffer.initialize(repeating: 0)
            buffer[0] = 15 << 3 | 2
            buffer[1] = UInt8(gap - 2)
            count = gap
        }
        filler.withUnsafeBytes { body.append($0) }
        padding += gap
        moved += 1
    }

    private func flush(then next: State) {
        finish()
        state = next
    }

    private func flushIfTooLong() {
        if head.count >= 20 { flush(then: .verbatim) }
    }

    /// The number that begins at `start` and the place after it; `nil` while its end is not there.
    private static func varint(_ bytes: [UInt8], from start: Int) -> (UInt64, Int)? {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        for index in start..<bytes.count {
            value |= UInt64(bytes[index] & 0x7F) << shift
            if bytes[index] < 0x80 { return (value, index + 1) }
            shift += 7
            if shift > 63 { return nil }
        }
        return nil
    }
}
