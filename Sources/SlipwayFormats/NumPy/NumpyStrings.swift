// SPDX-License-Identifier: Apache-2.0

/// Converts numpy's padded strings of equal width.
enum NumpyStrings {
    /// Elements of zero width take no bytes in the file, so their number alone must be bounded.
    private static let emptyElementLimit = 1 << 24

    /// The elements without their padding; text as UTF-8.
    static func unpack(
        _ bytes: UnsafeRawBufferPointer, count: Int, type: NumpyType
    ) throws(FormatError) -> [[UInt8]] {
        guard type.width > 0 || count <= emptyElementLimit else {
            throw FormatError(.limitExceeded, "the array has more than \(emptyElementLimit) empty strings")
        }
        var result: [[UInt8]] = []
        result.reserveCapacity(count)
        for index in 0..<count {
            let element = UnsafeRawBufferPointer(rebasing: bytes[(index * type.width)..<((index + 1) * type.width)])
            if case .text = type.kind {
                result.append(try text(element, isBigEndian: type.isBigEndian))
            } else {
                result.append(Array(element[..<((element.lastIndex { $0 != 0 } ?? -1) + 1)]))
            }
        }
        return result
    }

    /// The numpy type and the padded bytes of `elements`: Unicode where all are UTF-8, byte strings otherwise.
    ///
    /// - Throws: ``FormatError`` `limitExceeded` when padding would make more than 4 GiB of them.
    static func pack(_ elements: [[UInt8]]) throws(FormatError) -> (descriptor: String, bytes: [UInt8]) {
        let texts = elements.compactMap { String(validating: $0, as: UTF8.self)?.unicodeScalars.map(\.value) }
        let isText = texts.count == elements.count
        let length = max(1, (isText ? texts.map(\.count) : elements.map(\.count)).max() ?? 1)
        let width = isText ? length * 4 : length
        let (total, overflow) = width.multipliedReportingOverflow(by: elements.count)
        guard !overflow, total <= 4 << 30 else {
            throw FormatError(.limitExceeded, "strings of very different lengths cannot be written as one npy array")
        }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(total)
        if isText {
            for text in texts {
                for scalar in text { bytes.appendLittleEndian(scalar) }
                bytes.append(contentsOf: repeatElement(0, count: width - text.count * 4))
            }
        } else {
            for element in elements {
                bytes += element
                bytes.append(contentsOf: repeatElement(0, count: width - element.count))
            }
        }
        return (isText ? "<U\(length)" : "|S\(length)", bytes)
    }

    private static func text(_ bytes: UnsafeRawBufferPointer, isBigEndian: Bool) throws(FormatError) -> [UInt8] {
        var scalars: [Unicode.Scalar] = []
        for offset in stride(from: 0, to: bytes.count, by: 4) {
            let raw = bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self)
            guard let scalar = Unicode.Scalar(isBigEndian ? UInt32(bigEndian: raw) : UInt32(littleEndian: raw)) else {
                throw FormatError(.malformed, "the array holds a code point that Unicode does not have")
            }
            scalars.append(scalar)
        }
        while scalars.last?.value == 0 { scalars.removeLast() }
        return scalars.flatMap { Array(UTF8.encode($0) ?? UTF8.encodedReplacementCharacter) }
    }
}
