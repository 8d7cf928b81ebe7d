// SPDX-License-Identifier: Apache-2.0

import Glibc
import SlipwayCore
import SlipwayMonitoring
import SlipwayRegistry
import SlipwayStorage
import Synchronization

/// The label journals of a home: those that this process writes, and what others left.
final class LabelFolders: Sendable {
    private static let usualBudget = 64 << 20
    private let root: String
    private let open = Mutex<[String: FileLabelJournal]>([:])

    init(root: String) { self.root = root }

    /// Opens an endpoint's journal to write to it; blocks.
    ///
    /// - Parameter budget: Bytes for predictions that wait; labels have as many.
    func journal(of endpoint: String, budget: Int?) throws -> FileLabelJournal {
        // An endpoint that was removed and made again goes on where it was.
        if let known = open.withLock({ $0[endpoint] }) { return known }
        let budget = min(budget ?? Self.usualBudget, 1 << 40)
        let journal = try FileLabelJournal.open(under: folder(of: endpoint), maximumBytes: 2 * budget)
        open.withLock { $0[endpoint] = journal }
        return journal
    }

    /// Every label that came for requests of an endpoint, by request id, to whichever process; blocks.
    func labels(of endpoint: String) throws -> [String: CaptureLabel] {
        var labels: [String: CaptureLabel] = [:]
        var slot = 0
        while access("\(folder(of: endpoint))/\(slot)", F_OK) == 0 {
            try FileLabelJournal.readFeedback(in: "\(folder(of: endpoint))/\(slot)") { join in
                labels[join.requestID] = CaptureLabel(join, before: labels[join.requestID])
            }
            slot += 1
        }
        return labels
    }

    private func folder(of endpoint: String) -> String { root + "/" + endpoint }
}

extension CaptureLabel {
    /// A label, or business numbers that come beside what came before.
    init(_ join: JoinRecord, before: CaptureLabel?) {
        let values = join.outcomes.map { outcome -> Value in
            switch outcome.value {
            case .classified(_, let actual, _, _): .text(actual)
            case .measured(_, let actual): .number(actual)
            }
        }
        self.init(
            values: values.isEmpty ? before?.values ?? [] : values,
            kpis: join.kpis.merging(before?.kpis ?? [:]) { new, _ in new }, at: join.foundAt ?? join.at)
    }
}
