// SPDX-License-Identifier: Apache-2.0

import Glibc
package import SlipwayCore

extension Tensor {
    /// The first extent; `nil` for a scalar.
    var rowCount: Int? { shape.dimensions.first }

    /// Elements of one row; `nil` when their number does not fit an `Int`, which only tensors without elements reach.
    var elementsPerRow: Int? { Self.product(shape.dimensions.dropFirst()) }

    /// Bytes of one row; `nil` for ``ElementType/bytes``, whose rows vary.
    var bytesPerRow: Int? {
        guard let width = elementType.byteWidth else { return nil }
        return Self.product(shape.dimensions.dropFirst(), times: width)
    }

    /// The product of extents that are all 0 or more; `nil` when it does not fit.
    static func product(_ extents: some Sequence<Int>, times factor: Int = 1) -> Int? {
        var product = factor
        for extent in extents {
            let (next, overflow) = product.multipliedReportingOverflow(by: extent)
            guard !overflow else { return nil }
            product = next
        }
        return product
    }

    /// Where `count` rows end that start at the byte `offset`, a row's start; `nil` when there are not as many.
    ///
    /// Takes constant time, but for ``ElementType/bytes`` time linear in the elements passed over.
    func end(ofRows count: Int, from offset: Int) -> Int? {
        if elementType != .bytes {
            guard let width = bytesPerRow, let length = Self.product([count], times: width) else { return nil }
            return length <= byteCount - offset ? offset + length : nil
        }
        guard let perRow = elementsPerRow, let elements = Self.product([count], times: perRow) else { return nil }
        return end(ofElements: elements, from: offset)
    }

    /// Where `count` elements of a ``ElementType/bytes`` tensor end; `nil` when there are not as many.
    func end(ofElements count: Int, from offset: Int) -> Int? {
        let bytes = storage.bytes
        var end = offset
        for _ in 0..<count {
            guard bytes.count - end >= 4 else { return nil }
            let length = Int(UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: end, as: UInt32.self)))
            guard bytes.count - end - 4 >= length else { return nil }
            end += 4 + length
        }
        return end
    }

    /// The bytes of some rows; `nil` when they are not all there.
    func byteRange(ofRows rows: Range<Int>) -> Range<Int>? {
        guard let rowCount, rows.lowerBound >= 0, rows.upperBound <= rowCount else { return nil }
        if rows.count == rowCount { return 0..<byteCount }
        guard let start = end(ofRows: rows.lowerBound, from: 0), let end = end(ofRows: rows.count, from: start) else {
            return nil
        }
        return start..<end
    }

    /// A view of `count` rows that lie in the bytes `range`; keeps the whole storage alive.
    func view(ofRows count: Int, in range: Range<Int>) throws(BatchError) -> Tensor {
        var extents = shape.dimensions
        if !extents.isEmpty { extents[0] = count }
        return try Self.make(elementType, extents, storage.slice(range))
    }

    /// A tensor from parts that were worked out here; a contradiction is told, not trapped.
    static func make(
        _ elementType: ElementType, _ extents: [Int], _ storage: TensorStorage
    ) throws(BatchError) -> Tensor {
        do throws(TensorError) {
            return try Tensor(elementType: elementType, shape: Shape(extents), storage: storage)
        } catch {
            throw BatchError(error.message)
        }
    }

    /// The first `extent` of the dimension at `position`, 1 or later, as a copy; elements of fixed width only.
    func cropped(at position: Int, to extent: Int) throws(BatchError) -> Tensor {
        var extents = shape.dimensions
        guard position < extents.count, extent >= 0, extent <= extents[position], let width = elementType.byteWidth,
            let outer = Self.product(extents[..<position]),
            let inner = Self.product(extents[(position + 1)...], times: width),
            let stride = Self.product([extents[position]], times: inner),
            let length = Self.product([extent], times: inner)
        else { throw BatchError("a tensor of shape \(shape) cannot be cut to \(extent)") }
        if extent == extents[position] { return self }
        extents[position] = extent
        let source = storage.bytes
        // Without a byte to copy, `outer` may be any number.
        let copies = length == 0 ? 0 : outer
        let target = TensorStorage(byteCount: copies * length) { target in
            for index in 0..<copies {
                UnsafeMutableRawBufferPointer(rebasing: target[(index * length)..<((index + 1) * length)])
                    .copyMemory(
                        from: UnsafeRawBufferPointer(rebasing: source[(index * stride)..<(index * stride + length)]))
            }
        }
        return try Self.make(elementType, extents, target)
    }
}

extension UnsafeRawBufferPointer {
    func hasSameBytes(as other: UnsafeRawBufferPointer) -> Bool {
        guard count == other.count else { return false }
        guard let baseAddress, let otherAddress = other.baseAddress, baseAddress != otherAddress else { return true }
        return memcmp(baseAddress, otherAddress, count) == 0
    }
}

extension NamedTensors {
    /// Whether names, order, types, shapes and every byte are the same.
    func isIdentical(to other: NamedTensors) -> Bool {
        count == other.count
            && zip(self, other).allSatisfy { one, other in
                one.name == other.name && one.tensor.elementType == other.tensor.elementType
                    && one.tensor.shape == other.tensor.shape
                    && one.tensor.storage.bytes.hasSameBytes(as: other.tensor.storage.bytes)
            }
    }

    /// The same tensors in memory of their own: views keep what they look at alive, a received body or the answer to
    /// a whole batch, which must not be so for what stays.
    package func copied() -> NamedTensors {
        var result = NamedTensors()
        for element in self {
            let storage = TensorStorage(copying: element.tensor.storage.bytes)
            // Made from a valid tensor, so it cannot fail.
            guard
                let tensor = try? Tensor(
                    elementType: element.tensor.elementType, shape: element.tensor.shape, storage: storage)
            else { continue }
            result.append(tensor, named: element.name)
        }
        return result
    }
}
