// SPDX-License-Identifier: Apache-2.0

/// Findings in the order they were made, each said once.
struct PickleFindings {
    private static let limit = 1000

    private(set) var all: [PickleFinding] = []
    private var seen: Set<String> = []

    mutating func add(_ finding: PickleFinding) {
        guard all.count >= Self.limit else {
            if seen.insert(finding.message).inserted { all.append(finding) }
            return
        }
        // A crowd of small findings must not hide a grave one.
        guard let index = all.lastIndex(where: { $0.severity < finding.severity }),
            seen.insert(finding.message).inserted
        else { return }
        all[index] = finding
    }
}

extension PickleMachine {
    mutating func note(_ severity: PickleFinding.Severity, _ message: String, name: PickleName? = nil) {
        findings.add(
            PickleFinding(
                severity: severity, name: name, opcode: PickleOpcode.name(opcode), offset: opcodeOffset,
                message: message))
    }
}
