// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore
import SlipwayMonitoring
import SlipwayRegistry
package import SlipwayWire

extension HomeControl {
    private static let usualLimit = 100

    private var monitoringStore: any MonitoringStore {
        get throws {
            guard let store = monitoring.store else {
                throw ControlError(.notFound, "this home keeps no monitoring: open it with 'slipway serve' once")
            }
            return store
        }
    }

    // MARK: - Alerts

    package func alerts(_ filter: AlertFilter) async throws -> [AlertDTO] {
        let state = try filter.state.map { text in
            guard let state = Alert.State(rawValue: text) else {
                throw ControlError(
                    .invalidRequest, "there is no state '\(text.prefix(40))', there are [pending, firing, resolved]")
            }
            return state
        }
        let limit = try Self.limit(filter.limit)
        return try await monitoringStore.alerts(of: filter.endpoint, state: state, limit: limit).map(AlertDTO.init)
    }

    package func decisions(of endpoint: String?, limit: Int?) async throws -> [GuardDecisionDTO] {
        try await monitoringStore.decisions(of: endpoint, limit: try Self.limit(limit)).map(GuardDecisionDTO.init)
    }

    private static func limit(_ limit: Int?) throws(ControlError) -> Int {
        guard let limit else { return usualLimit }
        guard (1...AlertFilter.maximumLimit).contains(limit) else {
            throw ControlError(.invalidRequest, "limit is \(limit), expected 1 to \(AlertFilter.maximumLimit)")
        }
        return limit
    }

    // MARK: - Silences

    package func silences() async throws -> [SilenceDTO] {
        let now = clock()
        return try await monitoringStore.silences().filter { $0.until > now }.map(SilenceDTO.init)
    }

    package func addSilence(_ request: SilenceRequest) async throws -> SilenceDTO {
        // One that matches nothing by mistake would hide a problem; one without an end would be forgotten.
        let longest = 366.0 * 86_400
        guard request.seconds.isFinite, (1...longest).contains(request.seconds) else {
            throw ControlError(.invalidRequest, "seconds is \(request.seconds), expected 1 to \(Int(longest)), a year")
        }
        for text in [request.endpoint, request.rule, request.subject, request.reason] {
            guard (text?.utf8.count ?? 0) <= 1000 else {
                throw ControlError(.invalidRequest, "endpoint, rule, subject and reason have 1000 bytes at most")
            }
        }
        if let endpoint = request.endpoint { _ = try await self.endpoint(endpoint) }
        let now = clock()
        let silence = Silence(
            id: UInt64.random(in: .min ... .max).hexadecimal, endpoint: request.endpoint, rule: request.rule,
            subject: request.subject,
            until: Timestamp(milliseconds: now.milliseconds + Int64(request.seconds * 1000)),
            reason: request.reason ?? "")
        try await monitoringStore.save(silence)
        await monitoring.live?.refresh()
        return SilenceDTO(silence)
    }

    package func removeSilence(_ id: String) async throws {
        let store = try monitoringStore
        guard try await store.silences().contains(where: { $0.id == id }) else {
            throw ControlError(
                .notFound, "there is no silence '\(id.prefix(40))': 'slipway monitor silence' lists them")
        }
        try await store.deleteSilence(id)
        await monitoring.live?.refresh()
    }

    // MARK: - Profiles

    package func profile(of reference: ModelReference) async throws -> ProfileDTO {
        let version = try await profiledVersion(reference)
        guard let profile = try await monitoringStore.profile(of: version) else {
            throw ControlError(
                .notFound,
                "\(version) has no reference profile: 'slipway monitor profile \(version) --data FILE' makes one")
        }
        return ProfileDTO(profile, of: version)
    }

    package func makeProfile(
        _ request: ProfileRequest, progress: @escaping @Sendable (Double) -> Void
    ) async throws -> ProfileDTO {
        let version = try await profiledVersion(request.reference)
        let store = try monitoringStore
        guard let profiles = monitoring.profiles else {
            throw ControlError(.unsupportedFormat, "profiles cannot be made here: no engine is set up")
        }
        let name = request.sourceName ?? request.path
        let profile = try await profiles.profile(
            version, path: request.path, name: name, labels: request.labels, progress: progress)
        try await store.save(profile, of: version)
        await monitoring.live?.refresh()
        return ProfileDTO(profile, of: version)
    }

    /// A bare name is an endpoint's, where there is one of that name, and means its primary.
    private func profiledVersion(_ reference: ModelReference) async throws -> VersionID {
        if "\(reference)" == reference.name,
            let spec = try await store.currentRevisions().first(where: { $0.endpoint == reference.name })?.spec
        {
            return spec.primary
        }
        return try await registry.resolve(reference).id
    }

    // MARK: - Captured requests

    private var captures: any CaptureArchive {
        get throws {
            guard let captures = monitoring.captures else {
                throw ControlError(.notFound, "this home has no captured requests")
            }
            return captures
        }
    }

    package func capture(of endpoint: String) async throws -> CaptureDTO {
        let segments = try await captures.segments(of: endpoint)
        // What was captured outlives its endpoint.
        if segments.isEmpty { _ = try await self.endpoint(endpoint) }
        return CaptureDTO(
            endpoint: endpoint, segments: segments.map(CaptureSegmentDTO.init),
            counts: monitoring.live?.captureCounts(of: endpoint) ?? [:])
    }

    package func readCapture(
        _ segment: String, of endpoint: String, _ body: @Sendable (_ piece: [UInt8]) async throws -> Void
    ) async throws {
        try await captures.read(segment, of: endpoint, body)
    }

    package func exportCapture(
        _ request: ExportRequest, of endpoint: String, _ body: @Sendable (_ piece: [UInt8]) async throws -> Void
    ) async throws {
        if let from = request.from, let until = request.until, until <= from {
            throw ControlError(.invalidRequest, "'until' is not after 'from': nothing would be exported")
        }
        try await captures.export(request, of: endpoint, body)
    }

    package func eraseCapture(_ request: EraseRequest, of endpoint: String) async throws -> EraseDTO {
        guard (1...EraseRequest.maximumItems).contains(request.requestIDs.count) else {
            throw ControlError(
                .invalidRequest,
                "\(request.requestIDs.count) request ids, expected 1 to \(EraseRequest.maximumItems)")
        }
        return try await captures.erase(Set(request.requestIDs), of: endpoint)
    }
}
