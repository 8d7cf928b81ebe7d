// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore
package import SlipwayRegistry
package import SlipwaySecurity

/// Rows with every field filled, for store tests.
package enum SampleRows {
    /// A draft whose bundle differs with `content`.
    package static func draft(_ model: String, content: String = "one") -> VersionDraft {
        let files = [
            BundleFile(
                path: "model.onnx", digest: SHA256Hasher.digest(of: Array(content.utf8)),
                byteCount: content.utf8.count),
            BundleFile(
                path: "weights/räw.data", digest: SHA256Hasher.digest(of: Array((content + "!").utf8)),
                byteCount: content.utf8.count + 1),
        ]
        let tensor = TensorSpec(
            name: "x", elementType: .float32, shape: [.symbolic("batch"), .fixed(3), .dynamic], isOptional: true)
        let scores = TensorSpec(name: "scores", elementType: .float64, shape: nil, form: .classScores)
        return VersionDraft(
            model: model, digest: BundleDigest.of(files: files), format: .onnx, engine: "onnxruntime",
            signature: ModelSignature(inputs: [tensor], outputs: [scores]), files: files, primaryPath: "model.onnx",
            lineage: Lineage(
                sourceName: "model.onnx", sourceDigest: files[0].digest,
                parent: VersionID(model: "parent", number: 7), recipe: "import"),
            metadata: ["producer": "pytorch \"2.9\"", "opset": "21"])
    }

    /// A spec with every member set.
    package static func spec(primary: VersionID, other: VersionID) -> EndpointSpec {
        var spec = EndpointSpec(primary: primary, engine: "onnxruntime", device: "cuda", instances: 3)
        let share = Share(percent: 12.34) ?? .all
        spec.canaries = [Canary(version: other, share: share)]
        spec.rules = [
            HeaderRule(header: "x-beta", value: "ü \"1\"", version: other),
            HeaderRule(header: "x-any", value: nil, version: primary),
        ]
        spec.sticky = .cookie("session")
        spec.shadows = [
            Shadow(version: other, rate: share, tolerance: 1e-5), Shadow(version: primary, comparesTopClass: true),
        ]
        spec.rollout = Rollout(
            steps: [Rollout.Step(share: share, holdSeconds: 0.5), Rollout.Step(share: .all, holdSeconds: 60)],
            position: 1)
        spec.batching.isEnabled = true
        spec.batching.maximumRows = 64
        spec.batching.preferredRows = [8, 16]
        spec.batching.maximumDelayMs = 2.5
        spec.batching.latencyTargetMs = 20
        spec.batching.paddedDimension = "sequence_length"
        spec.batching.mask = "attention_mask"
        spec.batching.pads = false
        spec.limits.requests = 1
        spec.limits.rows = 2
        spec.limits.bytes = .max
        spec.limits.waitMs = 3
        spec.limits.deadlineMs = 4
        spec.limits.callMs = 5
        spec.limits.quota = LimitSpec.Quota(requestsPerMinute: 6, rowsPerMinute: 7, tokensPerMinute: 8)
        spec.limits.clientQuota = LimitSpec.Quota(requestsPerMinute: 9)
        spec.lifecycle.policy = .resource
        spec.lifecycle.isPinned = true
        spec.lifecycle.loading = .onDemand
        spec.lifecycle.idleUnloadSeconds = 10
        spec.lifecycle.rollbackWindowSeconds = 11
        spec.lifecycle.warmUp = .recorded
        spec.cacheBytes = 12
        return spec
    }

    package static func replica(_ id: String, startedAt: Int64 = 1000, reportedAt: Int64 = 2000) -> ReplicaRecord {
        ReplicaRecord(
            id: id, host: "host", processID: 42, startedAt: Timestamp(milliseconds: startedAt),
            reportedAt: Timestamp(milliseconds: reportedAt), addresses: ["http": "127.0.0.1:8080"],
            endpoints: [
                ObservedEndpoint(
                    endpoint: "fraud", revision: 2, version: VersionID(model: "fraud", number: 1), state: "failed",
                    message: "no engine", versions: [observed], notes: ["a note"])
            ], cores: CoreShares(cores: 8, eventLoops: 1, lanes: 3, threadsPerCall: 2))
    }

    private static var observed: ObservedVersion {
        var version = ObservedVersion(
            version: VersionID(model: "fraud", number: 1), state: "failed", route: "canary 10%")
        version.message = "no engine"
        version.lanes = 2
        version.threadsPerCall = 3
        version.residentBytes = 4
        version.inFlight = 5
        version.batching = "up to 64 rows"
        return version
    }

    package static func key(_ id: String, createdAt: Int64 = 1000, expiresAt: Int64? = nil) -> KeyRecord {
        KeyRecord(
            id: id, role: .operator, label: "ci", secretHash: SHA256Hasher.digest(of: Array(id.utf8)),
            createdAt: Timestamp(milliseconds: createdAt),
            expiresAt: expiresAt.map { Timestamp(milliseconds: $0) })
    }
}
