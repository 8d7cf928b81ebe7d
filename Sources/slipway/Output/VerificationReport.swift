// SPDX-License-Identifier: Apache-2.0

import SlipwayWire

/// What `slipway verify` tells people: what was found on standard output, what is wrong on standard error.
enum VerificationReport {
    static func print(_ verification: VerificationDTO) {
        let (version, report) = (verification.version, verification.report)
        for note in report.notes { Console.warning(Console.plain(note)) }
        for refusal in report.refusals {
            Console.warning(Console.plain("engine '\(refusal.engine)' refused it: \(refusal.reason)"))
        }
        for problem in verification.problems { Console.error(Console.plain(problem)) }
        // An engine is asked only when every file is what it was.
        if verification.isSound || report.verifiedBy != nil {
            line("files", "\(version.files.count) as registered, \(byteText(version.byteCount))")
        }
        if let engine = report.verifiedBy { line("loaded by", engine) }
        if let samples = report.samples { line("samples", ImportReportText.text(samples) + note(verification.origin)) }
        let verdict = verification.isSound ? "verified" : "not verified"
        Swift.print("\(version.id) \(version.digest) \(verdict)")
    }

    private static func line(_ name: String, _ text: String) {
        Swift.print(name.padded(to: 11) + Console.plain(text))
    }

    private static func note(_ origin: VerificationDTO.Origin?) -> String {
        switch origin {
        case .stored: " (those of the import)"
        case .generated: " (made up: nobody knows what the answers should be)"
        case .given, nil: ""
        }
    }
}

extension String {
    fileprivate func padded(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}
