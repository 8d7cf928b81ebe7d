// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayMonitoring
import SlipwayRegistry
package import SlipwayWire

extension HomeControl {
    package func monitors(of endpoint: String) async throws -> MonitorsDTO {
        guard let spec = try await self.endpoint(endpoint).revision.spec else {
            throw ControlError(.notFound, "endpoint '\(endpoint)' is not deployed: nothing is measured of it")
        }
        let profiles = try await profiles(of: spec)
        let now = clock()
        if let live = monitoring.live {
            let report = live.report
            return MonitorsDTO(
                endpoint: endpoint, at: report.at, isLive: true, versions: Self.versions(of: spec, profiles),
                readings: Self.readings(report, of: endpoint, spec, live.history(of: endpoint)),
                alerts: live.alerts(of: endpoint).map(AlertDTO.init), labels: live.labelCounts(of: endpoint))
        }
        let report = try await storedReport(of: endpoint, spec, profiles, at: now)
        let alerts = try await monitoring.store?.alerts(of: endpoint, state: .firing, limit: 1000) ?? []
        return MonitorsDTO(
            endpoint: endpoint, at: now, isLive: false, versions: Self.versions(of: spec, profiles),
            readings: Self.readings(report, of: endpoint, spec, [:]), alerts: alerts.map(AlertDTO.init))
    }

    private func profiles(of spec: EndpointSpec) async throws -> [VersionID: ReferenceProfile] {
        guard let store = monitoring.store else { return [:] }
        var profiles: [VersionID: ReferenceProfile] = [:]
        for version in spec.versions { profiles[version] = try await store.profile(of: version) }
        return profiles
    }

    /// What the windows that replicas stored say together.
    private func storedReport(
        of endpoint: String, _ spec: EndpointSpec, _ profiles: [VersionID: ReferenceProfile], at now: Timestamp
    ) async throws -> SignalReport {
        guard let store = monitoring.store else { return SignalReport(at: now) }
        let book = MonitorBook(replica: Self.reader)
        book.configure(endpoint: endpoint, spec: spec.monitoring, versions: spec.versions, profiles: profiles)
        let since = Timestamp(milliseconds: now.milliseconds - Int64(Self.windowSeconds(of: spec) * 1000))
        book.restore(try await store.windows(of: endpoint, since: since))
        let span = MonitorBook.serviceSpan(of: spec.monitoring)
        let servedSince = Timestamp(milliseconds: now.milliseconds - Int64(span / .milliseconds(1)))
        book.take(try await store.tallies(.service, of: endpoint, since: servedSince), at: now)
        var report = book.report(at: now)
        let join = try LabelJoin(
            endpoint: endpoint, spec: spec.monitoring, profile: nil, journal: MemoryLabelJournal(), now: now)
        try join.configure(spec: spec.monitoring, profiles: profiles)
        join.take(
            try await store.tallies(.quality, of: endpoint, since: since), replica: Self.reader, at: now)
        report.readings.merge(join.readings(at: now)) { _, quality in quality }
        return report
    }

    /// Counts nothing itself.
    private static let reader = "reader"

    private static func windowSeconds(of spec: EndpointSpec) -> Double {
        // A spec's numbers were checked when it was applied; a damaged row must not trap here.
        let seconds = spec.monitoring.windowSeconds ?? MonitoringSpec.usualWindowSeconds
        return seconds.isFinite ? min(max(seconds, 0), 366 * 86_400) : MonitoringSpec.usualWindowSeconds
    }

    private static func versions(
        of spec: EndpointSpec, _ profiles: [VersionID: ReferenceProfile]
    ) -> [MonitoredVersionDTO] {
        spec.versions.map { version in
            let route =
                if version == spec.primary {
                    "primary"
                } else if spec.canaries.contains(where: { $0.version == version }) {
                    "canary"
                } else if spec.shadows.contains(where: { $0.version == version }) {
                    "shadow"
                } else {
                    "rule"
                }
            let profile = profiles[version]
            return MonitoredVersionDTO(
                version: version, route: route, profileRows: profile?.rows, profiledAt: profile?.createdAt,
                isProvisional: profile?.isProvisional ?? false)
        }
    }

    /// Ordered by version, then as the kinds are, then by subject; signals of the whole replica stand last.
    private static func readings(
        _ report: SignalReport, of endpoint: String, _ spec: EndpointSpec, _ history: [SignalKey: [Double]]
    ) -> [ReadingDTO] {
        let places = Dictionary(
            SignalKind.allCases.enumerated().map { ($1.rawValue, $0) }, uniquingKeysWith: { first, _ in first })
        let window = windowSeconds(of: spec)
        let readings = report.readings.filter { $0.key.endpoint == endpoint || $0.key.endpoint.isEmpty }
            .map { key, reading in
                var dto = ReadingDTO(key, reading)
                dto.windowSeconds = window
                dto.history = history[key]?.map { $0.isFinite ? $0 : nil }
                return dto
            }
        return readings.sorted { left, right in
            let leftVersion = left.version.map { "\($0)" } ?? "\u{10FFFF}"
            let rightVersion = right.version.map { "\($0)" } ?? "\u{10FFFF}"
            guard leftVersion == rightVersion else { return leftVersion < rightVersion }
            let leftPlace = places[left.signal] ?? .max
            let rightPlace = places[right.signal] ?? .max
            guard leftPlace == rightPlace else { return leftPlace < rightPlace }
            return (left.subject ?? "") < (right.subject ?? "")
        }
    }
}
