// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore
package import SlipwayNumerics

/// Quality of all versions of an endpoint in a part of time.
package struct QualityWindow: Tally {
    /// Most versions in one part; feedback of further ones is not counted in windows.
    static let maximumVersions = 16

    package internal(set) var versions: [VersionID: VersionQuality] = [:]

    package init() {}

    mutating func add(_ join: JoinRecord) {
        update(join.version) { quality in
            if !join.outcomes.isEmpty { quality.labelled += 1 }
            for outcome in join.outcomes { quality.add(outcome, classes: join.classes) }
            for (name, value) in join.kpis { quality.addKPI(name, value) }
        }
    }

    /// Counts predictions whose waiting ended without a label.
    mutating func noteUnlabelled(_ version: VersionID, count: Int) {
        update(version) { $0.unlabelled += count }
    }

    package mutating func merge(_ other: QualityWindow) {
        for (version, quality) in other.versions { update(version) { $0.merge(quality) } }
    }

    private mutating func update(_ version: VersionID, _ body: (inout VersionQuality) -> Void) {
        guard versions[version] != nil || versions.count < Self.maximumVersions else { return }
        body(&versions[version, default: VersionQuality()])
    }
}

/// Quality of one version: of all rows, by segment, and its business numbers.
package struct VersionQuality: Tally {
    /// Most segments that are told apart; rows of further ones are under `other`.
    package static let maximumSegments = 20
    /// Most business numbers; further ones are not counted.
    package static let maximumKPIs = 32
    static let otherSegment = "other"

    package internal(set) var all = QualityTally()
    package internal(set) var segments: [String: QualityTally] = [:]
    package internal(set) var kpis: [String: Welford] = [:]
    /// Requests that got their label, and those whose waiting ended without.
    package var labelled = 0
    package var unlabelled = 0

    package init() {}

    mutating func add(_ outcome: JoinRecord.Outcome, classes: [String]) {
        all.add(outcome.value, classes: classes, keepsAllScores: true)
        guard let segment = outcome.segment else { return }
        segments[slot(for: segment), default: QualityTally()]
            .add(outcome.value, classes: classes, keepsAllScores: false)
    }

    mutating func addKPI(_ name: String, _ value: Double) {
        guard kpis[name] != nil || kpis.count < Self.maximumKPIs else { return }
        kpis[name, default: Welford()].add(value)
    }

    package mutating func merge(_ other: VersionQuality) {
        all.merge(other.all)
        // Sorted, so that the same segments are told apart whatever the dictionary's order.
        for (name, tally) in other.segments.sorted(by: { $0.key < $1.key }) {
            segments[slot(for: name), default: QualityTally()].merge(tally)
        }
        for (name, sums) in other.kpis.sorted(by: { $0.key < $1.key }) {
            guard kpis[name] != nil || kpis.count < Self.maximumKPIs else { continue }
            kpis[name, default: Welford()].merge(sums)
        }
        labelled += other.labelled
        unlabelled += other.unlabelled
    }

    private func slot(for segment: String) -> String {
        let named = segments.count - (segments[Self.otherSegment] == nil ? 0 : 1)
        return segments[segment] != nil || named < Self.maximumSegments ? segment : Self.otherSegment
    }
}
