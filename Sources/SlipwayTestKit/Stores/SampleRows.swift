// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
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

    package static func replica(_ id: String, startedAt: Int64 = 1000, reportedAt: Int64 = 2000) -> ReplicaRecord {
        ReplicaRecord(
            id: id, host: "host", processID: 42, startedAt: Timestamp(milliseconds: startedAt),
            reportedAt: Timestamp(milliseconds: reportedAt), addresses: ["http": "127.0.0.1:8080"],
            endpoints: [
                ObservedEndpoint(
                    endpoint: "fraud", revision: 2, version: VersionID(model: "fraud", number: 1), state: "failed",
                    message: "no engine")
            ])
    }

    package static func key(_ id: String, createdAt: Int64 = 1000, expiresAt: Int64? = nil) -> KeyRecord {
        KeyRecord(
            id: id, role: .operator, label: "ci", secretHash: SHA256Hasher.digest(of: Array(id.utf8)),
            createdAt: Timestamp(milliseconds: createdAt),
            expiresAt: expiresAt.map { Timestamp(milliseconds: $0) })
    }
}
