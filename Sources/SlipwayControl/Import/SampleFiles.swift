// SPDX-License-Identifier: Apache-2.0

import SlipwayCore

/// Where samples of a model lie, and what it must answer to them.
enum SampleFiles: Sendable, Hashable {
    /// Rows in one file, and perhaps answers in another.
    case rows(samples: String, expected: String?)
    /// Whole inputs and outputs, as they lie beside ONNX models.
    case testData([ONNXTestData])

    /// Files that were named; `nil` where none were.
    ///
    /// - Throws: ``ControlError`` `invalidRequest` for expected answers without samples.
    static func given(samples: String?, expected: String?) throws(ControlError) -> SampleFiles? {
        if let samples { return .rows(samples: samples, expected: expected) }
        guard expected == nil else {
            throw ControlError(.invalidRequest, "expected answers need the rows they are of: give --samples too")
        }
        return nil
    }

    /// What lies in a folder: `samples.csv` and `expected.csv`, or ONNX test data; `nil` where there is neither.
    static func beside(modelIn folder: String) -> SampleFiles? {
        guard let names = try? FileFacts.names(in: folder) else { return nil }
        if let samples = names.first(where: { $0.hasPrefix("samples.") && isReadable($0) }) {
            let expected = names.first { $0.hasPrefix("expected.") && DataFormat(path: $0) != nil }
            return .rows(samples: folder + "/" + samples, expected: expected.map { folder + "/" + $0 })
        }
        let sets = ONNXTestData.sets(in: folder, names: names)
        return sets.isEmpty ? nil : .testData(sets)
    }

    /// Whether a file of a model's folder holds samples, and so is no model.
    static func isSampleFile(_ name: String) -> Bool {
        (name.hasPrefix("samples.") || name.hasPrefix("expected.")) && isReadable(name)
    }

    private static func isReadable(_ name: String) -> Bool {
        DataFormat(path: name) != nil || name.lowercased().hasSuffix(".json")
    }

    /// Every file, and the path under which ``beside(modelIn:)`` finds it in a folder.
    var layout: [(source: String, path: String)] {
        switch self {
        case .rows(let samples, let expected):
            return [(samples, "samples." + Self.ending(samples))]
                + (expected.map { [($0, "expected." + Self.ending($0))] } ?? [])
        case .testData(let sets):
            return sets.flatMap { set in
                (set.inputs + set.outputs).map { (set.folder + "/" + $0, set.name + "/" + $0) }
            }
        }
    }

    private static func ending(_ path: String) -> String { path.split(separator: ".").last?.lowercased() ?? "" }
}
