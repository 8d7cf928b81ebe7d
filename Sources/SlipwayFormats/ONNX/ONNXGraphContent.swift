// SPDX-License-Identifier: Apache-2.0

/// What the graphs of a file hold, as far as the reader keeps it.
struct ONNXGraphContent {
    struct OperatorKey: Hashable {
        let domain: String
        let name: String
    }

    var name = ""
    var inputs: [ONNXValue] = []
    var outputs: [ONNXValue] = []
    /// Names of the main graph's initializers.
    var initializers: Set<String> = []
    var operators: [OperatorKey: Int] = [:]
    var nodeCount = 0
    var initializerByteCount = 0
    /// By path, the byte at which the last tensor read from the file ends.
    var externalFiles: [String: Int] = [:]
    /// Labels of ZipMap nodes by the name of their output.
    var classLabels: [String: ONNXModelInfo.ClassLabels] = [:]

    var sortedOperators: [ONNXModelInfo.OperatorUse] {
        operators
            .map { .init(domain: $0.key.domain, name: $0.key.name, count: $0.value) }
            .sorted { ($0.domain, $0.name) < ($1.domain, $1.name) }
    }

    var sortedExternalFiles: [ONNXModelInfo.ExternalFile] {
        externalFiles.map { .init(path: $0.key, byteCount: $0.value) }.sorted { $0.path < $1.path }
    }
}
