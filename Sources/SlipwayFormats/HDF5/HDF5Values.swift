// SPDX-License-Identifier: Apache-2.0

import SlipwayCore

extension HDF5Context {
    /// The values that `bytes` hold, in the order of this machine.
    func array(_ type: HDF5Datatype, shape: [Int], bytes: [UInt8]) throws(FormatError) -> HDF5Array {
        switch type {
        case .number(let element, let isBigEndian):
            let ordered = isBigEndian ? Self.swapped(bytes, width: element.byteWidth ?? 1) : bytes
            return HDF5Array(shape: shape, values: .numbers(element, ordered))
        case .opaque(let width):
            return HDF5Array(shape: shape, values: .opaque(width: width, bytes))
        case .text(let width, let isSpacePadded):
            try checkTexts(bytes.count / max(width, 1))
            var texts: [String] = []
            if width > 0 {
                texts.reserveCapacity(bytes.count / width)
                for start in stride(from: 0, to: bytes.count - width + 1, by: width) {
                    texts.append(Self.text(bytes[start..<(start + width)], isSpacePadded: isSpacePadded))
                }
            }
            return HDF5Array(shape: shape, values: .strings(texts))
        case .variableText:
            return HDF5Array(shape: shape, values: .strings(try variableTexts(bytes)))
        case .other(let name, _):
            throw FormatError(.unsupported, "\(name) are not read from HDF5 files")
        }
    }

    /// Each string takes some dozens of bytes of memory, however short it is.
    private func checkTexts(_ count: Int) throws(FormatError) {
        guard count <= limits.itemCount else {
            throw FormatError(.limitExceeded, "an HDF5 attribute or data set has \(count) strings")
        }
    }

    private static func text(_ bytes: ArraySlice<UInt8>, isSpacePadded: Bool) -> String {
        var end = bytes.firstIndex(of: 0) ?? bytes.endIndex
        while isSpacePadded, end > bytes.startIndex, bytes[end - 1] == 0x20 { end -= 1 }
        return String(decoding: bytes[bytes.startIndex..<end], as: UTF8.self)
    }

    private static func swapped(_ bytes: [UInt8], width: Int) -> [UInt8] {
        var result = bytes
        for start in stride(from: 0, to: bytes.count - width + 1, by: width) {
            for index in 0..<width { result[start + index] = bytes[start + width - 1 - index] }
        }
        return result
    }

    // MARK: Global heaps

    /// Strings of variable length: their lengths, and where they lie in global heaps.
    private func variableTexts(_ bytes: [UInt8]) throws(FormatError) -> [String] {
        try checkTexts(bytes.count / (8 + widths.offset))
        var texts: [String] = []
        var seen = 0
        var heaps: [Int: [Int: Range<Int>]] = [:]
        var byteCount = 0
        var cursor = HDF5Cursor(bytes, widths, origin: 0)
        while cursor.left > 0 {
            let length = try cursor.word()
            let address = try cursor.address()
            let index = try cursor.word()
            guard let address, address != 0, length > 0 else {
                texts.append("")
                continue
            }
            let objects: [Int: Range<Int>]
            if let known = heaps[address] {
                objects = known
            } else {
                objects = try globalHeap(at: address, seen: &seen)
                heaps[address] = objects
            }
            guard let place = objects[index], length <= place.count else {
                throw FormatError(.malformed, "a string of the HDF5 file is missing", at: "offset \(address)")
            }
            byteCount += length
            guard byteCount <= limits.textByteCount else {
                throw FormatError(.limitExceeded, "the strings of an HDF5 attribute are too long")
            }
            let text = try source.bytes(at: place.lowerBound, count: length)
            texts.append(Self.text(text[...], isSpacePadded: false))
        }
        return texts
    }

    /// Where the objects of a global heap lie, by number.
    private func globalHeap(at address: Int, seen: inout Int) throws(FormatError) -> [Int: Range<Int>] {
        var head = try cursor(at: address, count: 8 + widths.length)
        try head.expect("GCOL", "a heap of strings")
        try head.skip(4)
        let size = try head.length()
        try source.checkRange(offset: address, count: size)
        var objects: [Int: Range<Int>] = [:]
        var position = address + 8 + widths.length
        let end = address + size
        while end - position >= 8 + widths.length {
            try count(&seen, "strings of a heap")
            var entry = try cursor(at: position, count: 8 + widths.length)
            let index = try entry.short()
            try entry.skip(6)
            let length = try entry.length()
            let start = position + 8 + widths.length
            // Number 0 is the free room at the end.
            guard index != 0 else { break }
            guard length <= end - start else {
                throw FormatError(.malformed, "a heap of the HDF5 file is damaged", at: "offset \(position)")
            }
            objects[index] = start..<(start + length)
            position = start + min((length + 7) & ~7, end - start)
        }
        return objects
    }
}
