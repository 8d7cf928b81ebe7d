// SPDX-License-Identifier: Apache-2.0

/// Findings in the order they were made, each said once.
struct PickleFindings {
    private static let limit = 1000

    private(set) var all: [PickleFinding] = []
    private var seen: Set<String> = []

    mutating func add(_ finding: PickleFinding) {
        if all.count < Self.limit, seen.insert(finding.message).inserted { all.append(finding) }
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
