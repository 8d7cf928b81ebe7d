// SPDX-License-Identifier: Apache-2.0

/// A file that `torch.save` wrote before version 1.6, or with `_use_new_zipfile_serialization=False`: five pickles one
/// after another, then the storages, each with its number of elements before it.
struct TorchLegacy {
    /// The number that such files begin with, as a pickle.
    static let magic: [UInt8] = [0x8A, 0x0A, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19, 0x2E]

    let value: PickleValue
    let walk: TorchTensorWalk
    let findings: [PickleFinding]
    /// Where each storage's elements lie in the file, by key.
    let storages: [String: Range<Int>]

    /// Whether a file begins as such files do; pickles announce their protocol in two bytes before the number.
    static func isLegacy(_ head: [UInt8]) -> Bool { head.first == 0x80 && head.has(magic, at: 2) }

    /// - Throws: ``FormatError``; `unsupported` for a file of another byte order.
    init(_ source: any ByteSource, limits: TorchLimits) throws(FormatError) {
        var offset = 0
        // Magic number and version.
        for _ in 0..<2 { _ = try Self.next(source, &offset, limits) }
        let system = try Self.next(source, &offset, limits).value
        guard system["little_endian"]?.bool != false else {
            throw FormatError(.unsupported, "the file was written on a big-endian machine; save it again on another")
        }
        let document = try Self.next(source, &offset, limits)
        (value, findings) = (document.value, document.findings)
        walk = try TorchTensorWalk(document.value, limits: limits)
        let keys = (try Self.next(source, &offset, limits).value.list ?? []).compactMap(\.string)
        var storages: [String: Range<Int>] = [:]
        for key in keys {
            // Of a storage that no tensor shows, the width is not known, nor where the next one begins.
            guard let width = walk.storageWidths[key] else { break }
            let length = try source.bytes(at: offset, count: 8)
            guard let announced: UInt64 = length.littleEndian(at: 0), let count = Int(exactly: announced) else { break }
            let (bytes, overflow) = count.multipliedReportingOverflow(by: width)
            guard !overflow, bytes <= source.byteCount - offset - 8 else {
                throw FormatError(.truncated, "storage '\(key)' ends after the file does", at: "offset \(offset)")
            }
            storages[key] = (offset + 8)..<(offset + 8 + bytes)
            offset += 8 + bytes
        }
        self.storages = storages
    }

    /// Reads the pickle at an offset, which is moved to its end; what follows it is left alone.
    private static func next(
        _ source: any ByteSource, _ offset: inout Int, _ limits: TorchLimits
    ) throws(FormatError) -> PickleDocument {
        let (end, overflow) = offset.addingReportingOverflow(limits.pickle.byteCount)
        let input = PickleInput(SourceBytes(source, from: offset), from: offset, limit: overflow ? .max : end)
        var machine = PickleMachine(input, limits: limits.pickle, isScan: false)
        let value = try machine.run()
        machine.noteExpansion(from: value)
        offset = machine.input.offset
        return PickleDocument(
            value: PickleValue(PickleNodes(machine.arena), Int(value)), findings: machine.findings.all,
            protocolVersion: machine.protocolVersion)
    }
}
