// SPDX-License-Identifier: Apache-2.0

import SlipwayFormats

/// What keeps a file from being imported whatever its converter would make of it.
enum SecurityScan {
    /// Findings that a message tells.
    private static let told = 10

    /// Scans a file; nothing in it is executed.
    ///
    /// - Returns: Findings that do no harm.
    /// - Throws: ``ControlError`` `unsafeModel` with what was found, `unsupportedFormat` where damage leaves doubts;
    ///   there is no way to import the file all the same.
    static func check(_ path: String) throws -> [String] {
        let report = try ScanReport.scan(path: path)
        let findings = report.findings.map(text)
        guard !report.isClean else { return findings }
        let more = findings.count > told ? "; and \(findings.count - told) more" : ""
        let list = findings.prefix(told).joined(separator: "; ") + more
        guard report.severity == .high else {
            throw ControlError(.unsupportedFormat, "\(report.summary) It is not imported: \(list)")
        }
        throw ControlError(
            .unsafeModel,
            "the file is not imported, for it holds what no model needs (nothing of it was run): \(list). Ask who made "
                + "it for a file without that; slipway scan tells all")
    }

    private static func text(_ finding: ScanFinding) -> String {
        let place = finding.location.map { " (at \($0))" } ?? ""
        return "\(finding.severity.rawValue): \(finding.message)\(place)"
    }
}
