// SPDX-License-Identifier: Apache-2.0

/// The records of a zip file that PyTorch wrote: all of them lie in one folder, whose name does not matter.
struct TorchZip: Sendable {
    private let reader: ZipReader
    private let indices: [String: Int]
    private let root: String

    /// - Throws: ``FormatError`` of the zip reader.
    init(_ source: any ByteSource) throws(FormatError) {
        // Weights are stored as they are, and read a piece at a time.
        var limits = ZipLimits(totalByteCount: .max)
        limits.ratio = .max
        reader = try ZipReader(source, limits: limits)
        let marks = ["/data.pkl", "/archive_format", "/version", "/constants.pkl"]
        let marked = marks.lazy.compactMap { [reader] mark in reader.entries.first { $0.name.hasSuffix(mark) } }.first
        root = marked?.name.firstIndex(of: "/").flatMap { end in marked?.name[...end] }.map { String($0) } ?? ""
        // As PyTorch does, the first of two equal names counts.
        indices = Dictionary(
            reader.entries.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// Names of the records, without the folder.
    var names: [String] {
        reader.entries.map(\.name).filter { $0.hasPrefix(root) }.map { String($0.dropFirst(root.count)) }
    }

    func has(_ name: String) -> Bool { indices[root + name] != nil }

    func byteCount(_ name: String) -> Int? { indices[root + name].map { reader.entries[$0].byteCount } }

    /// A record's bytes; `nil` when there is none.
    func source(_ name: String) throws(FormatError) -> (any ByteSource)? {
        guard let index = indices[root + name] else { return nil }
        return try reader.source(of: index)
    }

    /// A small record as text, without blanks around it; `nil` when there is none or it is no text.
    func text(_ name: String, limit: Int = 4096) throws(FormatError) -> String? {
        guard let index = indices[root + name] else { return nil }
        guard let text = String(validating: try reader.read(index, limit: limit), as: UTF8.self) else { return nil }
        let end = text.lastIndex { !$0.isWhitespace }.map(text.index(after:)) ?? text.startIndex
        return String(text[..<end].drop { $0.isWhitespace })
    }
}
