// SPDX-License-Identifier: Apache-2.0

import Yams

/// A file with the desired state of endpoints, as `slipway apply` reads it.
package struct EndpointFile: Sendable {
    /// What messages call the file.
    package let name: String
    package let endpoints: [EndpointDraft]

    package static let maximumEndpoints = 1000
    package static let maximumBytes = YAMLGuard.maximumBytes

    /// Reads and checks everything that does not need a registry.
    ///
    /// - Throws: `ControlError` `invalidRequest`, its message one line `name:line: what is wrong` for each of the first
    ///   20 problems.
    package static func parse(_ text: String, name: String) throws(ControlError) -> EndpointFile {
        var reader = EndpointFileReader()
        if let root = compose(text, &reader.problems, expected: "endpoints:") { reader.readFile(root) }
        if let error = reader.problems.error(file: name) { throw error }
        return EndpointFile(name: name, endpoints: reader.endpoints)
    }

    /// The root of a file; `nil` when it has none, which is told.
    static func compose(_ text: String, _ problems: inout FileProblems, expected key: String) -> Node? {
        do {
            try YAMLGuard.check(text)
            guard let root = try Yams.compose(yaml: text) else {
                problems.add(1, "the file is empty, expected '\(key)'")
                return nil
            }
            return root
        } catch let refusal as YAMLGuard.Refusal {
            problems.add(refusal.line, refusal.message)
        } catch let error as YamlError {
            let (line, message) = place(of: error)
            problems.add(line, message)
        } catch {
            problems.add(1, "is not YAML: \(error)")
        }
        return nil
    }

    private static func place(of error: YamlError) -> (Int, String) {
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            (max(1, mark.line), "is not YAML: \(problem)")
        case .duplicatedKeysInMapping(let keys, let context):
            (max(1, context.mark.line), "the mapping has \(keys.map { "'\($0)'" }.joined(separator: ", ")) twice")
        default:
            (1, "is not YAML")
        }
    }
}
