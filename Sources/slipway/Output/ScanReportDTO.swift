// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayFormats

/// What `slipway scan` prints for one file.
struct ScanReportDTO: Encodable {
    struct Finding: Encodable {
        let severity: String
        let message: String
        let member: String?
        let opcode: String?
        let offset: Int?
        let hint: String
    }

    let file: String
    let format: String
    let summary: String
    let bytes: Int
    let clean: Bool
    let pickles: Int
    let members: Int
    let findings: [Finding]

    /// Where each finding is, in the findings' order.
    private let locations: [String?]

    private enum CodingKeys: String, CodingKey {
        case file, format, summary, bytes, clean, pickles, members, findings
    }

    init(_ report: ScanReport, file: String) {
        self.file = file
        format = report.format.rawValue
        summary = report.summary
        bytes = report.byteCount
        clean = report.isClean
        pickles = report.pickleCount
        members = report.memberCount
        locations = report.findings.map(\.location)
        findings = report.findings.map {
            Finding(
                severity: $0.severity.rawValue, message: $0.message, member: $0.member, opcode: $0.opcode,
                offset: $0.offset, hint: $0.hint)
        }
    }

    func print() {
        let verdict = clean ? Console.coloured("clean", .green) : Console.coloured("not clean", .red)
        Swift.print("\(Console.plain(file)): \(verdict)")
        let looked = [
            byteText(bytes), pickles == 0 ? nil : pickles == 1 ? "1 pickle" : "\(pickles) pickles",
            members == 0 ? nil : members == 1 ? "1 member" : "\(members) members",
        ].compactMap { $0 }.joined(separator: ", ")
        Swift.print("  \(Console.plain(summary)) (\(looked))")
        // The same hint is said once, after the last finding that it belongs to.
        for (index, finding) in findings.enumerated() {
            let label = finding.severity.padding(to: 6)
            Swift.print(
                "  \(finding.severity == "high" ? Console.coloured(label, .red) : label)  "
                    + Console.plain(finding.message))
            if let location = locations[index] { Swift.print("          at \(Console.plain(location))") }
            if index + 1 == findings.count || findings[index + 1].hint != finding.hint {
                Swift.print("          \(finding.hint)")
            }
        }
    }
}
