// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import SlipwayCore
import SlipwayWire

/// One value of each DTO, every field set.
enum AdminFixtures {
    static let instant = Timestamp(milliseconds: 1_795_262_400_250)
    static let digest = Digest(bytes: [UInt8](repeating: 0xAB, count: 32))
    static let signature = ModelSignature(
        inputs: [TensorSpec(name: "x", elementType: .float32, shape: [.symbolic("batch"), .fixed(4), .dynamic])],
        outputs: [TensorSpec(name: "y", elementType: .int64, shape: nil, isOptional: true, form: .sequence)])
    static let version = VersionDTO(
        id: VersionID(model: "fraud", number: 3), digest: digest, format: "onnx", engine: "onnxruntime",
        createdAt: instant, aliases: ["champion"], signature: signature,
        files: [FileDTO(path: "model.onnx", digest: digest, byteCount: 12)],
        source: SourceDTO(
            name: "a.onnx", digest: digest, parent: VersionID(model: "fraud", number: 2), recipe: "import"),
        metadata: ["opset": "17"])
    static let aliases = [AliasDTO(alias: "champion", version: 3)]
    static let model = ModelDTO(name: "fraud", versions: [version], aliases: aliases)
    static let history = HistoryDTO(
        model: "fraud", events: [EventDTO(at: instant, kind: "alias", text: "champion: 2 -> 3")])
    static let garbage = GarbageDTO(versions: ["fraud:1"], blobs: 2, bytesFreed: 3)
    static let spec: EndpointSpec = {
        var spec = EndpointSpec(primary: VersionID(model: "fraud", number: 3), engine: "onnxruntime", instances: 1)
        let four = VersionID(model: "fraud", number: 4)
        spec.canaries = [Canary(version: four, share: .all)]
        spec.rules = [HeaderRule(header: "x-beta", value: "1", version: four)]
        spec.sticky = .header("x-user-id")
        spec.shadows = [Shadow(version: VersionID(model: "fraud", number: 5), tolerance: 0.5)]
        spec.rollout = Rollout(steps: [Rollout.Step(share: .all, holdSeconds: 60)])
        spec.batching.preferredRows = [8, 16]
        spec.limits.quota = LimitSpec.Quota(requestsPerMinute: 6)
        spec.lifecycle.loading = .onDemand
        spec.cacheBytes = 1024
        return spec
    }()
    static let revision = RevisionDTO(number: 2, spec: spec, createdAt: instant, reason: "deploy")
    static let observedVersion: ObservedVersionDTO = {
        var version = ObservedVersionDTO(
            version: VersionID(model: "fraud", number: 3), state: "ready", route: "primary")
        version.message = "ok"
        version.lanes = 2
        version.threadsPerCall = 3
        version.residentBytes = 4
        version.inFlight = 5
        version.batching = "up to 64 rows"
        return version
    }()
    static let endpoint = EndpointDTO(
        name: "fraud", revision: revision,
        replicas: [
            ObservedDTO(
                replica: "r1", revision: 2, version: VersionID(model: "fraud", number: 3), state: "ready",
                message: "ok", versions: [observedVersion], notes: ["a note"])
        ])
    static let replica = ReplicaDTO(
        id: "r1", host: "h", processID: 7, startedAt: instant, reportedAt: instant, isAlive: true,
        addresses: ["http": "127.0.0.1:8080"],
        cores: CoreSharesDTO(cores: 8, eventLoops: 1, lanes: 3, threadsPerCall: 2))
    static let token = TokenDTO(id: "k1", role: "operator", label: "ci", createdAt: instant, expiresAt: instant)
    static let createdToken = CreatedTokenDTO(token: token, secret: "s")

    static func operation(_ state: String) -> OperationDTO {
        OperationDTO(
            id: "o1", kind: "import", state: state, progress: state == "running" ? 0.5 : 1,
            result: state == "succeeded" ? ImportDTO(version: version, isNew: true, notes: ["note"]) : nil,
            error: state == "failed" ? ErrorDTO(error: "bad file", code: "malformed", category: "invalidInput") : nil)
    }

    static func json(_ value: some Encodable) -> String {
        // Values of this file encode; a text that is no JSON makes the test that reads it fail.
        (try? JSONEncoder().encode(value)).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }
}
