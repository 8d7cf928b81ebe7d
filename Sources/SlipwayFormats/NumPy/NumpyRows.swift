// SPDX-License-Identifier: Apache-2.0

public import SlipwayCore

/// An npy array of any size, read some rows at a time; a row is what one index of the first dimension selects.
public struct NumpyRows: Sendable {
    /// How many rows there are.
    public let count: Int
    /// Bytes that one row takes in the file.
    public let rowByteCount: Int
    private let header: NumpyHeader
    private let source: any ByteSource
    private let elementsPerRow: Int

    /// - Parameter source: One npy file.
    /// - Throws: ``FormatError``; `unsupported` for an array without rows, and for one that is both compressed and
    ///   column-major, whose rows lie scattered over all of it.
    public init(_ source: any ByteSource) throws(FormatError) {
        header = try NumpyHeader(source)
        _ = try header.checkedByteCount(in: source)
        guard let rows = header.shape.dimensions.first else {
            throw FormatError(.unsupported, "the array is a single value and has no rows: give it a first dimension")
        }
        let tail = Shape(Array(header.shape.dimensions.dropFirst()))
        guard let elements = tail.elementCount else {
            throw FormatError(.malformed, "the array's shape \(header.shape) has more elements than memory can address")
        }
        if header.isFortranOrder, header.shape.rank > 1, source is DeflatedSource {
            throw FormatError(
                .unsupported,
                "the array is column-major and compressed: save it with numpy.ascontiguousarray, or uncompressed")
        }
        guard elements > 0, header.type.width > 0 || rows == 0 else {
            throw FormatError(
                .unsupported, "the array's rows are empty, shape \(header.shape): there is nothing to score")
        }
        count = rows
        elementsPerRow = elements
        // Sound: with rows their bytes were checked to lie in the file.
        rowByteCount = rows == 0 ? 0 : elements * header.type.width
        self.source = source
    }

    /// The rows of `range` as a tensor whose first dimension they are; see ``NumpyReader`` for its type.
    ///
    /// - Throws: ``FormatError`` `truncated` when the range ends after the array does.
    public func read(_ range: Range<Int>) throws(FormatError) -> Tensor {
        guard range.lowerBound >= 0, range.upperBound <= count else {
            throw FormatError(.truncated, "rows \(range) are asked for, the array has \(count)")
        }
        let shape = Shape([range.count] + header.shape.dimensions.dropFirst())
        let width = header.type.width
        let storage = try TensorStorage(byteCount: range.count * rowByteCount) { (target) throws(FormatError) in
            guard header.isFortranOrder, header.shape.rank > 1, range.count > 0 else {
                return try source.read(at: header.dataOffset + range.lowerBound * rowByteCount, into: target)
            }
            // One run for each element of a row: they lie `count` apart.
            let run = range.count * width
            for element in 0..<elementsPerRow {
                let part = UnsafeMutableRawBufferPointer(rebasing: target[(element * run)..<((element + 1) * run)])
                try source.read(at: header.dataOffset + (element * count + range.lowerBound) * width, into: part)
            }
        }
        return try NumpyReader.tensor(header, storage, shape: shape)
    }
}
