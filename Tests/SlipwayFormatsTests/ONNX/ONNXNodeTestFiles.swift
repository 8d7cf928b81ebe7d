// SPDX-License-Identifier: Apache-2.0

import Foundation
import SlipwayCore
import SlipwayFormats
import Testing

private let folder = "/usr/share/libonnx-testdata/data/node"

/// The models of Debian's package libonnx-testdata, where it is installed.
@Suite("ONNX node test files", .enabled(if: FileManager.default.fileExists(atPath: folder)))
struct ONNXNodeTestFiles {

    @Test("every model is detected and read")
    func everyModel() throws {
        var count = 0
        for name in try FileManager.default.contentsOfDirectory(atPath: folder) {
            let path = "\(folder)/\(name)/model.onnx"
            guard FileManager.default.fileExists(atPath: path) else { continue }
            count += 1
            #expect(try FormatDetector.detect(path: path).format == .onnx, "\(name)")
            // Types without a tensor are named as such; anything else would be a reader's mistake.
            do throws(FormatError) {
                let info = try ONNXReader.read(path: path)
                #expect(!info.signature.outputs.isEmpty)
                #expect(info.nodeCount > 0)
            } catch {
                #expect(error.code == .unsupported, "\(name): \(error)")
            }
        }
        #expect(count > 0)
    }
}
