// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore

/// Writes the elements of a tensor as JSON, flat or nested by its shape.
package struct TensorPrinter {
    let tensor: Tensor
    let name: String
    /// Whether BYTES are written as `{"b64":"..."}`, which any bytes can be.
    var usesBase64 = false

    /// - Parameter name: For errors.
    package init(_ tensor: Tensor, name: String) {
        self.tensor = tensor
        self.name = name
    }

    /// All elements in one list.
    func writeFlat(to json: inout JSONWriter) throws(WireError) {
        try json.raw { (bytes) throws(WireError) in
            try append(dimensions: [tensor.count], firstElement: 0, firstByte: 0, to: &bytes)
        }
    }

    /// The elements nested as the shape; a scalar without brackets.
    func writeNested(to json: inout JSONWriter) throws(WireError) {
        try json.raw { (bytes) throws(WireError) in
            try append(dimensions: tensor.shape.dimensions, firstElement: 0, firstByte: 0, to: &bytes)
        }
    }

    /// Appends a block of `dimensions` that begins at an element, and for BYTES at a byte of the storage.
    ///
    /// - Throws: ``WireError`` `notEncodable` for text that is not UTF-8.
    package func append(
        dimensions: [Int], firstElement first: Int, firstByte: Int, to bytes: inout [UInt8]
    ) throws(WireError) {
        let walk = BracketWalk(dimensions: dimensions)
        switch tensor.elementType {
        case .bool: booleans(walk, first, &bytes)
        case .int8: integers(walk, Int8.self, first, &bytes)
        case .int16: integers(walk, Int16.self, first, &bytes)
        case .int32: integers(walk, Int32.self, first, &bytes)
        case .int64: integers(walk, Int64.self, first, &bytes)
        case .uint8: integers(walk, UInt8.self, first, &bytes)
        case .uint16: integers(walk, UInt16.self, first, &bytes)
        case .uint32: integers(walk, UInt32.self, first, &bytes)
        case .uint64: integers(walk, UInt64.self, first, &bytes)
        case .float16: floats(walk, Float16.self, first, &bytes)
        case .bfloat16: floats(walk, BFloat16.self, first, &bytes)
        case .float32: floats(walk, Float.self, first, &bytes)
        case .float64: floats(walk, Double.self, first, &bytes)
        case .bytes: try texts(walk, firstByte, &bytes)
        }
    }

    /// The tensor's element at `index`: its initializer checked that the storage holds all of them.
    @inline(__always)
    private func element<E: BitwiseCopyable>(_ index: Int, _ type: E.Type) -> E {
        tensor.storage.bytes.loadUnaligned(fromByteOffset: index &* MemoryLayout<E>.stride, as: E.self)
    }

    private func booleans(_ walk: BracketWalk, _ first: Int, _ bytes: inout [UInt8]) {
        var index = first
        walk.run(&bytes) { (bytes, length) in
            for position in 0..<length {
                if position > 0 { bytes.append(.comma) }
                // Read as numbers: an engine's bytes may be neither 0 nor 1.
                bytes.append(contentsOf: (element(index, UInt8.self) != 0 ? "true" : "false").utf8)
                index += 1
            }
        }
    }

    private func integers<I: FixedWidthInteger & BitwiseCopyable>(
        _ walk: BracketWalk, _ type: I.Type, _ first: Int, _ bytes: inout [UInt8]
    ) {
        let tables = FloatTables.shared
        var index = first
        walk.run(&bytes) { (bytes, length) in
            NumberRow.append(length, to: &bytes) { position, target in
                NumberPrinter.write(element(index &+ position, type), to: target, tables)
            }
            index += length
        }
    }

    private func floats<F: PrintableFloat>(
        _ walk: BracketWalk, _ type: F.Type, _ first: Int, _ bytes: inout [UInt8]
    ) {
        let tables = FloatTables.shared
        var index = first
        walk.run(&bytes) { (bytes, length) in
            NumberRow.append(length, to: &bytes) { position, target in
                NumberPrinter.write(element(index &+ position, type), to: target, tables)
            }
            index += length
        }
    }

    private func texts(_ walk: BracketWalk, _ first: Int, _ bytes: inout [UInt8]) throws(WireError) {
        var offset = first
        try walk.run(&bytes) { (bytes, count) throws(WireError) in
            for position in 0..<count {
                if position > 0 { bytes.append(.comma) }
                let storage = tensor.storage.bytes
                let length = Int(UInt32(littleEndian: storage.loadUnaligned(fromByteOffset: offset, as: UInt32.self)))
                let text = UnsafeRawBufferPointer(rebasing: storage[(offset + 4)..<(offset + 4 + length)])
                offset += 4 + length
                if usesBase64 {
                    bytes.append(contentsOf: #"{"b64":""#.utf8)
                    Base64.append(encoding: text, to: &bytes)
                    bytes.append(contentsOf: #""}"#.utf8)
                    continue
                }
                guard UTF8Sequence.isValid(text) else {
                    throw WireError(
                        .notEncodable,
                        "output '\(name)' holds bytes that are not UTF-8, which JSON cannot carry: ask for it with "
                            + "binary_data")
                }
                JSONWriter.appendQuoted(text.assumingMemoryBound(to: UInt8.self), to: &bytes)
            }
        }
    }
}

/// Numbers with commas between them, written through a small buffer instead of byte by byte.
private enum NumberRow {
    @inline(__always)
    static func append(
        _ count: Int, to bytes: inout [UInt8],
        _ write: (Int, UnsafeMutablePointer<UInt8>) -> UnsafeMutablePointer<UInt8>
    ) {
        let capacity = 2048
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: capacity) { buffer in
            guard let start = buffer.baseAddress else { return }
            let full = start + (capacity - NumberPrinter.maximumLength - 1)
            var target = start
            for position in 0..<count {
                if position > 0 {
                    target.pointee = .comma
                    target += 1
                }
                target = write(position, target)
                if target > full {
                    bytes.append(contentsOf: UnsafeBufferPointer(start: start, count: target - start))
                    target = start
                }
            }
            bytes.append(contentsOf: UnsafeBufferPointer(start: start, count: target - start))
        }
    }
}

/// Puts brackets and commas around the rows of a block of known extents.
private struct BracketWalk {
    let dimensions: [Int]

    /// Calls `row` for every innermost row with the number of elements to write; a scalar is a row of one.
    @inline(__always)
    func run<E: Error>(
        _ bytes: inout [UInt8], row: (inout [UInt8], Int) throws(E) -> Void
    ) throws(E) {
        guard let rowLength = dimensions.last else { return try row(&bytes, 1) }
        // Levels below a zero extent are never opened.
        let zero = dimensions.firstIndex(of: 0)
        let rank = zero.map { $0 + 1 } ?? dimensions.count
        var counts = Array(repeating: 0, count: rank)
        var depth = 0
        while true {
            while depth < rank {
                bytes.append(.openBracket)
                depth += 1
            }
            if zero == nil { try row(&bytes, rowLength) }
            bytes.append(.closeBracket)
            depth -= 1
            while depth > 0 {
                counts[depth - 1] += 1
                if counts[depth - 1] < dimensions[depth - 1] {
                    bytes.append(.comma)
                    break
                }
                counts[depth - 1] = 0
                bytes.append(.closeBracket)
                depth -= 1
            }
            if depth == 0 { return }
        }
    }
}
