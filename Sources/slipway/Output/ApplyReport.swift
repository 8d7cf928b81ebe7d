// SPDX-License-Identifier: Apache-2.0

import SlipwayControl
import SlipwayWire

/// What `slipway apply` tells: differences before, revisions after.
struct ApplyReport: Encodable {
    struct Entry: Encodable {
        let endpoint: String
        /// `new`, `changed` or `unchanged`.
        let change: EndpointFilePlan.Kind
        /// The revision in force after it; when nothing was applied, the one it was compared with.
        let revision: Int
        /// `- primary: fraud:3`, `+ primary: fraud:4`.
        let diff: [String]
        let error: String?
    }

    let dryRun: Bool
    let endpoints: [Entry]

    init(
        _ plan: EndpointFilePlan, _ outcomes: [EndpointFilePlan.Outcome], isDryRun: Bool,
        failures: [(endpoint: String, error: any Error)]
    ) {
        dryRun = isDryRun
        endpoints = plan.changes.map { change in
            let outcome = outcomes.first { $0.change.endpoint == change.endpoint }
            return Entry(
                endpoint: change.endpoint, change: change.kind,
                revision: outcome?.endpoint?.revision.number ?? change.revision, diff: change.diff.map(\.description),
                error: failures.first { $0.endpoint == change.endpoint }.map { "\($0.error)" })
        }
    }

    static func print(_ plan: EndpointFilePlan) {
        for change in plan.changes {
            Swift.print("\(change.endpoint): \(change.kind.rawValue)")
            for line in change.diff {
                Swift.print("  " + Console.coloured("\(line)", line.sign == .added ? .green : .red))
            }
        }
    }

    static func print(_ outcome: EndpointFilePlan.Outcome) {
        guard let revision = outcome.endpoint?.revision else { return }
        Swift.print("\(outcome.change.endpoint) is at revision \(revision.number)")
    }
}
