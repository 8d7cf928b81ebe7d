// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore

/// What `GET /v2/models/M[/versions/V]` answers.
package struct V2ModelMetadata: Sendable {
    package var name: String
    package var versions: [Int]
    /// `onnxruntime_onnx` for ONNX models.
    package var platform: String
    package var signature: ModelSignature

    package init(name: String, versions: [Int], platform: String, signature: ModelSignature) {
        self.name = name
        self.versions = versions
        self.platform = platform
        self.signature = signature
    }

    /// Dimensions that vary are -1; an unknown rank is written as one such dimension.
    package func encode() -> [UInt8] {
        var json = JSONWriter()
        json.object {
            $0.member("name", name)
            $0.member("versions", versions.map { String($0) })
            $0.member("platform", platform)
            $0.member("inputs", array: { Self.write(signature.inputs, to: &$0) })
            $0.member("outputs", array: { Self.write(signature.outputs, to: &$0) })
        }
        return json.bytes
    }

    private static func write(_ specs: [TensorSpec], to json: inout JSONWriter) {
        for spec in specs {
            json.object {
                $0.member("name", spec.name)
                $0.member("datatype", spec.elementType.rawValue)
                $0.member("shape", spec.wireShape)
            }
        }
    }
}

extension TensorSpec {
    /// The shape as wire protocols write it: -1 for each dimension that varies.
    var wireShape: [Int] { shape?.map(\.wireExtent) ?? [-1] }
}
