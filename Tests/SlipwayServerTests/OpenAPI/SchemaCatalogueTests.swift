// SPDX-License-Identifier: Apache-2.0

import Foundation
import SlipwayCore
import SlipwayServer
import SlipwayWire
import Testing

@Suite("Schemas of bodies")
struct SchemaCatalogueTests {
    @Test("refer to schemas that are there", arguments: SchemaCatalogue.names)
    func references(name: String) throws {
        try check(try #require(SchemaCatalogue.schema(name)))
    }

    private func check(_ schema: JSONSchema) throws {
        switch schema {
        case .named(let name): #expect(SchemaCatalogue.schema(name) != nil, "\(name)")
        case .list(let items), .map(let items): try check(items)
        case .object(let members): for member in members { try check(member.schema) }
        case .anyOf(let schemas): for schema in schemas { try check(schema) }
        default: break
        }
    }

    private static let version: VersionDTO = {
        var version = versionWithoutPrimary
        version.primaryPath = "p"
        return version
    }()

    private static let versionWithoutPrimary = VersionDTO(
        id: VersionID(model: "m", number: 1), digest: Digest(bytes: [UInt8](repeating: 7, count: 32)), format: "onnx",
        engine: "onnxruntime", createdAt: Timestamp(milliseconds: 5), aliases: ["a"],
        signature: ModelSignature(
            inputs: [TensorSpec(name: "x", elementType: .float32, shape: [.dynamic, .symbolic("n"), .fixed(2)])],
            outputs: [TensorSpec(name: "y", elementType: .bytes, shape: nil)]),
        files: [FileDTO(path: "p", digest: Digest(bytes: [UInt8](repeating: 1, count: 32)), byteCount: 3)],
        source: SourceDTO(
            name: "s", digest: Digest(bytes: [UInt8](repeating: 2, count: 32)),
            parent: VersionID(model: "m", number: 9), recipe: "r"), metadata: ["k": "v"])

    private static let spec: EndpointSpec = {
        var spec = EndpointSpec(primary: VersionID(model: "m", number: 1), engine: "e", instances: 2)
        spec.canaries = [Canary(version: VersionID(model: "m", number: 2), share: .all)]
        spec.rules = [HeaderRule(header: "h", value: nil, version: VersionID(model: "m", number: 2))]
        spec.sticky = .client
        spec.shadows = [Shadow(version: VersionID(model: "m", number: 3), tolerance: 0.1)]
        spec.rollout = Rollout(steps: [Rollout.Step(share: .all, holdSeconds: 1)])
        spec.batching.preferredRows = [4]
        spec.limits.quota = LimitSpec.Quota(requestsPerMinute: 3)
        spec.lifecycle.warmUp = .random
        spec.cacheBytes = 9
        spec.monitoring = MonitoringSamples.spec
        return spec
    }()

    private static let report: ImportReportDTO = {
        var report = ImportReportDTO(format: "joblib")
        report.findings = ["low: odd"]
        report.framework = "scikit-learn 1.7.2"
        report.steps = [.init(path: "steps[0]", kind: "StandardScaler", detail: "2 features")]
        report.notes = ["n"]
        report.verifiedBy = "onnxruntime 1.31.1"
        report.refusals = [.init(engine: "e", reason: "r")]
        report.samples = .init(rows: 2, compared: ["label"], largestDifference: 0.5)
        return report
    }()

    private static let uploaded: UploadedImportRequest = {
        var request = UploadedImportRequest(
            files: [.init(upload: "u", path: "m.onnx")], isFolder: false, sourceName: "m.onnx")
        request.alias = "live"
        request.samples = .init(upload: "s", path: "s.csv")
        request.expected = .init(upload: "e", path: "e.csv")
        var options = ImportOptions()
        options.engine = "auto"
        options.inputType = "fp32"
        options.tolerance = 0.1
        options.license = "MIT"
        options.card = "# Card"
        request.options = options
        return request
    }()

    private static let verification: UploadedVerificationRequest = {
        var request = UploadedVerificationRequest(options: VerificationOptions(engine: "auto", tolerance: 0.1))
        request.samples = .init(upload: "s", path: "s.csv")
        request.expected = .init(upload: "e", path: "e.csv")
        return request
    }()

    private static let samples: [(String, any Encodable & Sendable)] =
        [
            ("ModelDTO", ModelDTO(name: "m", versions: [version], aliases: [AliasDTO(alias: "a", version: 1)])),
            ("ImportDTO", ImportDTO(version: version, isNew: true, notes: ["n"], report: report)),
            ("UploadRequest", UploadRequest(byteCount: 1, digest: version.digest)),
            ("UploadDTO", UploadDTO(id: "u", byteCount: 2, offset: 1, isComplete: false)),
            ("UploadedImportRequest", uploaded),
            ("UploadedVerificationRequest", verification),
            (
                "VerificationDTO",
                VerificationDTO(version: version, problems: ["p"], report: report, origin: .stored)
            ),
            (
                "OperationDTO",
                OperationDTO(
                    id: "1", kind: "import", state: "failed", progress: 0.5,
                    error: ErrorDTO(error: "e", code: "c", category: "conflict"))
            ),
            (
                "HistoryDTO",
                HistoryDTO(model: "m", events: [EventDTO(at: Timestamp(milliseconds: 1), kind: "k", text: "t")])
            ),
            ("GarbageDTO", GarbageDTO(versions: ["m:1"], blobs: 1, bytesFreed: 2)),
            (
                "EndpointDTO",
                EndpointDTO(
                    name: "e",
                    revision: RevisionDTO(number: 1, spec: spec, createdAt: Timestamp(milliseconds: 0), reason: "r"),
                    replicas: [
                        ObservedDTO(
                            replica: "r", revision: 1, version: VersionID(model: "m", number: 1), state: "ready",
                            message: nil,
                            versions: [
                                ObservedVersionDTO(
                                    version: VersionID(model: "m", number: 1), state: "ready", route: "primary")
                            ], notes: ["n"])
                    ])
            ),
            (
                "ReplicaDTO",
                ReplicaDTO(
                    id: "i", host: "h", processID: 1, startedAt: Timestamp(milliseconds: 0),
                    reportedAt: Timestamp(milliseconds: 1), isAlive: true, addresses: ["http": "u"],
                    cores: CoreSharesDTO(cores: 2, eventLoops: 1, lanes: 1, threadsPerCall: 1))
            ),
            (
                "CreatedTokenDTO",
                CreatedTokenDTO(
                    token: TokenDTO(
                        id: "i", role: "viewer", label: "l", createdAt: Timestamp(milliseconds: 0), expiresAt: nil),
                    secret: "s")
            ),
            ("DeployRequest", DeployRequest(reference: "m:1", engine: "e", instances: 3)),
            ("EndpointSpecRequest", EndpointSpecRequest(spec: spec, expectedRevision: 1)),
        ] + MonitoringSamples.all

    @Test("of the admin API fit what is sent, and name every member of it", arguments: samples.indices)
    func fits(index: Int) throws {
        let (name, value) = Self.samples[index]
        let data = try JSONEncoder().encode(value)
        let json = try JSONSerialization.jsonObject(with: data)
        let problems = Self.problems(json, .named(name), at: name)
        #expect(problems.isEmpty, "\(problems)")
    }

    /// What of a value its schema does not allow, members that it does not name among them.
    private static func problems(_ value: Any, _ schema: JSONSchema, at path: String) -> [String] {
        switch schema {
        case .named(let name):
            return SchemaCatalogue.schema(name).map { problems(value, $0, at: path) } ?? ["\(path): no \(name)"]
        case .object(let members):
            guard let object = value as? [String: Any] else { return ["\(path): no object"] }
            let missing = members.filter { $0.isRequired && object[$0.name] == nil }.map {
                "\(path).\($0.name) missing"
            }
            return object.reduce(into: missing) { found, pair in
                guard let member = members.first(where: { $0.name == pair.key }) else {
                    found.append("\(path).\(pair.key) not named")
                    return
                }
                found += problems(pair.value, member.schema, at: "\(path).\(pair.key)")
            }
        case .list(let items):
            guard let list = value as? [Any] else { return ["\(path): no list"] }
            return list.flatMap { problems($0, items, at: path + "[]") }
        case .map(let values):
            guard let object = value as? [String: Any] else { return ["\(path): no object"] }
            return object.flatMap { problems($0.value, values, at: path + ".*") }
        case .anyOf(let schemas):
            return schemas.contains { problems(value, $0, at: path).isEmpty } ? [] : ["\(path): none of several"]
        case .words(let words): return (value as? String).map(words.contains) == true ? [] : ["\(path): no such word"]
        case .string, .format, .pattern: return value is String ? [] : ["\(path): no string"]
        case .wholeNumber, .number, .boolean: return value is NSNumber ? [] : ["\(path): no number"]
        case .null: return value is NSNull ? [] : ["\(path): not null"]
        case .anything: return []
        }
    }
}
