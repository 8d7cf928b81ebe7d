// SPDX-License-Identifier: Apache-2.0

/// Reads Python pickles and joblib files as data: nothing is imported, called or built.
///
/// Arrays of joblib inside the file are read, and files that joblib compressed as a whole. A name that models do not
/// need becomes a finding and an object with that name, so that a file can be looked at whatever is in it; who converts
/// one asks ``PickleDocument/requireClean()`` first.
public enum PickleReader {
    /// - Throws: ``FormatError`` for a stream that no unpickler would read, for what goes past `limits`, and
    ///   `unsupported` where the library for the file's compression is missing.
    public static func read(
        _ source: any ByteSource, limits: PickleLimits = PickleLimits()
    ) throws(FormatError) -> PickleDocument {
        let compression = WholeFileCompression(head: try source.prefix(at: 0, upTo: 16))
        let bytes = try compression?.bytes(of: source) ?? SourceBytes(source)
        var limit = max(limits.byteCount, 0)
        if compression != nil {
            // No model's numbers are packed to a two-hundredth; bombs are.
            let (most, overflow) = source.byteCount.multipliedReportingOverflow(by: 200)
            if !overflow { limit = min(limit, max(256 << 20, most)) }
        }
        var machine = PickleMachine(PickleInput(bytes, limit: limit), limits: limits, isScan: false)
        let value = try machine.run()
        machine.noteExpansion(from: value)
        if try machine.input.peek() != nil {
            machine.note(.low, "bytes follow the end of the pickle; loading ignores them")
        }
        return PickleDocument(
            value: PickleValue(PickleNodes(machine.arena), Int(value)), findings: machine.findings.all,
            protocolVersion: machine.protocolVersion)
    }

    /// What a pickle in memory holds.
    public static func read(
        _ bytes: [UInt8], limits: PickleLimits = PickleLimits()
    ) throws(FormatError) -> PickleDocument {
        try read(MemorySource(bytes), limits: limits)
    }
}

/// What a pickle holds, and what in it does not belong into a model.
public struct PickleDocument: Sendable {
    public let value: PickleValue
    public let findings: [PickleFinding]
    /// The highest protocol that the stream announces; 0 without an announcement, as in protocols 0 and 1.
    public let protocolVersion: Int

    /// Throws `unsupported`, naming the first findings, unless all of them are of low severity.
    public func requireClean() throws(FormatError) {
        let grave = findings.filter { $0.severity > .low }.sorted { $0.severity > $1.severity }
        guard let first = grave.first else { return }
        let named = grave.prefix(3).map { "\($0.message) (offset \($0.offset))" }.joined(separator: "; ")
        let rest = grave.count > 3 ? "; and \(grave.count - 3) more" : ""
        throw FormatError(
            .unsupported,
            "the pickle holds what a model does not need, and was not loaded: \(named)\(rest). "
                + "Look at it with `slipway scan`, and import only models whose origin you trust, saved without code",
            at: "offset \(first.offset)")
    }
}
