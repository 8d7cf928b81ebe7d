// SPDX-License-Identifier: Apache-2.0

import Glibc
public import SlipwayCore

/// What loading a model file could do, told without loading it.
public struct ScanReport: Sendable {
    public let format: ModelFormat
    /// One sentence: what the file is.
    public let summary: String
    public let byteCount: Int
    /// In the order they were met, those of the highest severity first.
    public let findings: [ScanFinding]
    /// Pickles that were read to their end, nested and stacked ones counted.
    public let pickleCount: Int
    /// Members of archives that were looked at.
    public let memberCount: Int

    /// Whether nothing speaks against the file; findings of low severity do not.
    public var isClean: Bool { !findings.contains { $0.severity > .low } }

    /// The gravest severity; `nil` without findings.
    public var severity: PickleFinding.Severity? { findings.map(\.severity).max() }

    /// Scans a file, whatever its name says it is.
    ///
    /// - Throws: ``FormatError`` `missingFile` or `unreadable`. Damage is a finding, not an error.
    public static func scan(path: String, limits: ScanLimits = ScanLimits()) throws(FormatError) -> ScanReport {
        var status = stat()
        if stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR {
            throw FormatError(.unreadable, "'\(path)' is a folder; scan the files in it", at: path)
        }
        return try scan(FileSource(path: path), limits: limits)
    }

    /// Scans what a source holds.
    public static func scan(
        _ source: any ByteSource, limits: ScanLimits = ScanLimits()
    ) throws(FormatError) -> ScanReport {
        let detection = try FormatDetector.detect(source)
        var scanner = FileScanner(limits: limits)
        try scanner.scan(source, member: nil, depth: 0)
        if detection.format == .unknown, scanner.isUnknown {
            scanner.add(
                ScanFinding(
                    .medium, "The file is in no format that was looked into, so nothing can be said for it.",
                    hint: "Do not load it with a program that guesses formats."))
        }
        return ScanReport(
            format: scanner.pickleCount > 0 && detection.format == .unknown ? .pickle : detection.format,
            summary: detection.summary, byteCount: source.byteCount, findings: scanner.ordered,
            pickleCount: scanner.pickleCount, memberCount: scanner.memberCount)
    }
}
