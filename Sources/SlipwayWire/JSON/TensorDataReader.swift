// SPDX-License-Identifier: Apache-2.0

import SlipwayCore

/// Reads the `data` of a tensor whose type and shape are known, straight into its storage.
///
/// The data is nested exactly as the shape, or one flat row-major list; nothing is allocated for elements
/// that the rest of the document cannot hold.
struct TensorDataReader {
    let elementType: ElementType
    let shape: Shape
    let count: Int
    /// Whether `{"b64":"..."}` may stand for a string.
    var acceptsBase64 = false

    /// - Throws: `invalidTensor` for negative or overflowing dimensions.
    init(elementType: ElementType, shape: Shape) throws(WireError) {
        guard let count = shape.elementCount, !count.multipliedReportingOverflow(by: 8).overflow else {
            throw WireError(
                .invalidTensor, "shape \(shape) has a negative dimension or more elements than memory can address")
        }
        self.elementType = elementType
        self.shape = shape
        self.count = count
    }

    /// Reads the list at the scanner's position.
    func read(_ scanner: inout JSONScanner) throws(WireError) -> Tensor {
        if count == 0 {
            try NestedRows.expectEmpty(&scanner)
            return try emptyTensor()
        }
        let rows = try layout(&scanner)
        return try read(&scanner, rows, at: [scanner.offset])
    }

    /// Reads equal parts of the tensor, one at each byte of `offsets`, each nested as `rows` says.
    ///
    /// The scanner is left behind the last one.
    func read(_ scanner: inout JSONScanner, _ rows: NestedRows, at offsets: [Int]) throws(WireError) -> Tensor {
        // The shortest element is one digit and a comma.
        let most = (scanner.end - scanner.start - (offsets.first ?? 0)) / 2 + 1
        guard count <= most else {
            throw WireError(
                .invalidTensor,
                "the data is too short for shape \(shape): expected \(count) elements, got at most \(most)",
                at: "byte \(scanner.offset)")
        }
        return try tensor(try readStorage(&scanner, rows, offsets))
    }

    /// The tensor of a shape with a zero in it.
    func emptyTensor() throws(WireError) -> Tensor {
        try tensor(TensorStorage(copying: UnsafeRawBufferPointer(start: nil, count: 0)))
    }

    private func tensor(_ storage: TensorStorage) throws(WireError) -> Tensor {
        do {
            return try Tensor(elementType: elementType, shape: shape, storage: storage)
        } catch {
            throw WireError(.invalidTensor, error.message)
        }
    }

    /// Decides from the opening brackets whether the data is nested or flat.
    private func layout(_ scanner: inout JSONScanner) throws(WireError) -> NestedRows {
        let depth = NestedRows.openingDepth(scanner)
        if depth == shape.rank, depth > 0 { return NestedRows(dimensions: shape.dimensions) }
        if depth == 1 { return NestedRows(dimensions: [count]) }
        if depth == 0, shape.rank == 0 { return NestedRows(dimensions: []) }
        throw WireError(
            .invalidTensor,
            "the data is nested \(depth) deep: expected \(shape.rank) as in shape \(shape), or one flat list",
            at: "byte \(scanner.offset)")
    }

    private func readStorage(
        _ scanner: inout JSONScanner, _ rows: NestedRows, _ offsets: [Int]
    ) throws(WireError) -> TensorStorage {
        switch elementType {
        case .bool: try fill(Bool.self, &scanner, rows, offsets)
        case .int8: try fill(Int8.self, &scanner, rows, offsets)
        case .int16: try fill(Int16.self, &scanner, rows, offsets)
        case .int32: try fill(Int32.self, &scanner, rows, offsets)
        case .int64: try fill(Int64.self, &scanner, rows, offsets)
        case .uint8: try fill(UInt8.self, &scanner, rows, offsets)
        case .uint16: try fill(UInt16.self, &scanner, rows, offsets)
        case .uint32: try fill(UInt32.self, &scanner, rows, offsets)
        case .uint64: try fill(UInt64.self, &scanner, rows, offsets)
        case .float16: try fill(Float16.self, &scanner, rows, offsets)
        case .bfloat16: try fill(BFloat16.self, &scanner, rows, offsets)
        case .float32: try fill(Float.self, &scanner, rows, offsets)
        case .float64: try fill(Double.self, &scanner, rows, offsets)
        case .bytes: try fillBytes(&scanner, rows, offsets)
        }
    }

    private func fill<E: JSONElement>(
        _ type: E.Type, _ scanner: inout JSONScanner, _ rows: NestedRows, _ offsets: [Int]
    ) throws(WireError) -> TensorStorage {
        try TensorStorage(byteCount: count * MemoryLayout<E>.stride) { (target) throws(WireError) in
            // 64-byte aligned and `count` elements long: allocated so just now.
            guard var next = target.baseAddress?.assumingMemoryBound(to: E.self) else { return }
            for offset in offsets {
                scanner.cursor = scanner.start + offset
                try rows.read(&scanner) { (scanner, length) throws(WireError) in
                    try scanner.row(of: length, into: next)
                    next += length
                }
            }
        }
    }

    private func fillBytes(
        _ scanner: inout JSONScanner, _ rows: NestedRows, _ offsets: [Int]
    ) throws(WireError) -> TensorStorage {
        var packed: [UInt8] = []
        for offset in offsets {
            scanner.cursor = scanner.start + offset
            try rows.read(&scanner) { (scanner, length) throws(WireError) in
                try scanner.row(ofStrings: length, acceptsBase64: acceptsBase64, into: &packed)
            }
        }
        return packed.withUnsafeBytes { TensorStorage(copying: $0) }
    }
}
