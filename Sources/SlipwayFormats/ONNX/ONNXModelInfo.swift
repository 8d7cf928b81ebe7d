// SPDX-License-Identifier: Apache-2.0

public import SlipwayCore

/// What an ONNX file says of itself, without its weights.
public struct ONNXModelInfo: Sendable, Hashable {
    /// A set of operators and its version.
    public struct OpsetImport: Sendable, Hashable {
        /// `ai.onnx` for the standard operators, which files also write as the empty string.
        public let domain: String
        public let version: Int

        public init(domain: String, version: Int) {
            self.domain = domain
            self.version = version
        }
    }

    /// An operator and how many nodes use it.
    public struct OperatorUse: Sendable, Hashable {
        public let domain: String
        public let name: String
        public let count: Int

        public init(domain: String, name: String, count: Int) {
            self.domain = domain
            self.name = name
            self.count = count
        }
    }

    /// A file beside the model that holds weights.
    public struct ExternalFile: Sendable, Hashable {
        /// Relative to the model's folder; without `..`.
        public let path: String
        /// The bytes the model reads from it, counted from its start.
        public let byteCount: Int

        public init(path: String, byteCount: Int) {
            self.path = path
            self.byteCount = byteCount
        }
    }

    /// The classes of a classifier, in the order of its scores.
    public enum ClassLabels: Sendable, Hashable {
        case integers([Int64])
        case strings([String])

        public var count: Int {
            switch self {
            case .integers(let labels): labels.count
            case .strings(let labels): labels.count
            }
        }
    }

    /// Graph inputs without the constants, and graph outputs.
    ///
    /// An input that has an initializer is optional when the file's IR version is 4 or more, and a constant before.
    public let signature: ModelSignature
    public let irVersion: Int
    public let opsetImports: [OpsetImport]
    public let producerName: String
    public let producerVersion: String
    public let domain: String
    public let modelVersion: Int64
    public let documentation: String
    public let graphName: String
    public let metadata: [String: String]
    /// Sorted by domain and name; nodes inside subgraphs and functions are counted too.
    public let operators: [OperatorUse]
    /// Nodes of the graph, its subgraphs and the functions of the file.
    public let nodeCount: Int
    /// Bytes of all initializers, in the file and beside it.
    public let initializerByteCount: Int
    /// Sorted by path.
    public let externalFiles: [ExternalFile]
    /// By output name, for outputs of form ``TensorSpec/Form/classScores`` whose classes the file names.
    public let classLabels: [String: ClassLabels]
}
