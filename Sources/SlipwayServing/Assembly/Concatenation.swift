// SPDX-License-Identifier: Apache-2.0

import SlipwayCore

/// One tensor from the rows of several.
struct Concatenation {
    /// Some rows of one tensor.
    struct Piece {
        let tensor: Tensor
        let rows: Int
        let range: Range<Int>

        init(_ tensor: Tensor, rows: Range<Int>, name: String) throws(BatchError) {
            guard let range = tensor.byteRange(ofRows: rows) else {
                throw .missingRows(rows, of: tensor, named: name)
            }
            self.tensor = tensor
            self.rows = rows.count
            self.range = range
        }

        var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: tensor.storage.bytes[range]) }
    }

    private let pieces: [Piece]
    private let elementType: ElementType
    private let paddedDimension: Int?
    /// Of the result.
    private let extents: [Int]

    /// - Throws: ``BatchError`` when a type differs, or an extent beyond the first that is not padded.
    init(pieces: [Piece], paddedDimension: Int?, name: String) throws(BatchError) {
        guard let first = pieces.first?.tensor else { throw BatchError("nothing to put together") }
        var extents = first.shape.dimensions
        extents[0] = 0
        for piece in pieces {
            let own = piece.tensor.shape.dimensions
            guard piece.tensor.elementType == first.elementType, own.count == extents.count else {
                throw Self.misfit(piece.tensor, first, name)
            }
            for index in 1..<max(own.count, 1) where own[index] != extents[index] {
                // A length of 0 is no data at all: there is nothing that padding could follow.
                guard index == paddedDimension, own[index] > 0, extents[index] > 0 else {
                    throw Self.misfit(piece.tensor, first, name)
                }
                extents[index] = max(extents[index], own[index])
            }
            let (rows, overflow) = extents[0].addingReportingOverflow(piece.rows)
            guard !overflow else { throw Self.tooLarge(name) }
            extents[0] = rows
        }
        if let width = first.elementType.byteWidth, Tensor.product(extents, times: width) == nil {
            throw Self.tooLarge(name)
        }
        self.pieces = pieces
        self.paddedDimension = paddedDimension
        self.extents = extents
        elementType = first.elementType
    }

    func tensor() throws(BatchError) -> Tensor {
        try Tensor.make(elementType, extents, paddedDimension.map(padded) ?? joined())
    }

    private func joined() -> TensorStorage {
        TensorStorage(byteCount: pieces.reduce(0) { $0 + $1.range.count }) { target in
            var offset = 0
            for piece in pieces {
                Self.copy(piece.bytes, to: target, at: offset)
                offset += piece.range.count
            }
        }
    }

    private func padded(at position: Int) -> TensorStorage {
        let inner = Tensor.product(extents[(position + 1)...], times: elementType.byteWidth ?? 0) ?? 0
        let stride = extents[position] * inner
        let byteCount = Tensor.product(extents, times: elementType.byteWidth ?? 0) ?? 0
        return TensorStorage(byteCount: byteCount) { target in
            // Without a byte to copy, the other extents may be any number.
            guard byteCount > 0 else { return }
            var offset = 0
            for piece in pieces {
                let length = piece.tensor.shape.dimensions[position] * inner
                if length == stride {
                    Self.copy(piece.bytes, to: target, at: offset)
                    offset += piece.range.count
                    continue
                }
                let source = piece.bytes
                for start in Swift.stride(from: 0, to: source.count, by: length) {
                    Self.copy(
                        UnsafeRawBufferPointer(rebasing: source[start..<(start + length)]), to: target, at: offset)
                    UnsafeMutableRawBufferPointer(rebasing: target[(offset + length)..<(offset + stride)])
                        .initializeMemory(as: UInt8.self, repeating: 0)
                    offset += stride
                }
            }
        }
    }

    private static func copy(
        _ source: UnsafeRawBufferPointer, to target: UnsafeMutableRawBufferPointer, at offset: Int
    ) {
        UnsafeMutableRawBufferPointer(rebasing: target[offset..<(offset + source.count)]).copyMemory(from: source)
    }

    private static func misfit(_ one: Tensor, _ other: Tensor, _ name: String) -> BatchError {
        BatchError(
            "'\(name)' cannot be put together from \(one.elementType.rawValue) \(one.shape) and "
                + "\(other.elementType.rawValue) \(other.shape)")
    }

    private static func tooLarge(_ name: String) -> BatchError {
        BatchError("'\(name)' of all requests together is larger than memory can address")
    }
}
