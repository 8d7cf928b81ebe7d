// SPDX-License-Identifier: Apache-2.0

import Glibc
package import SlipwayCore
package import SlipwayEngine

/// The library of an engine in the engine cache of this machine, where `Scripts/bootstrap` puts it.
public struct EngineLibrary: Sendable {
    public let path: String

    /// - Parameter name: Its folder and file in the cache, such as `openvino-2026.4.1/libopenvino_c.so`.
    public init(_ name: String) {
        let cache = Self.environment("SLIPWAY_CACHE") ?? (Self.environment("HOME") ?? "") + "/.cache/slipway"
        path = (Self.environment("SLIPWAY_ENGINES") ?? cache + "/engines") + "/" + name
    }

    public var isInstalled: Bool { access(path, R_OK) == 0 }

    private static func environment(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }
}

extension TensorModel {
    /// Runs without a wish to cancel.
    package func run(_ inputs: NamedTensors, outputs: [String]? = nil) throws -> NamedTensors {
        try predict(inputs, requestedOutputs: outputs, cancellation: CancellationFlag()).outputs
    }
}
