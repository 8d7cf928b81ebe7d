// SPDX-License-Identifier: Apache-2.0

import Foundation
import SlipwayControl
import Yams

/// `slipway.yaml`: a flat list of keys and values, nothing else.
struct SettingsFile {
    let values: [String: String]

    /// - Throws: ``ValidationFailure`` with the line, for what is not YAML, not flat, or not a known key.
    init(path: String) throws {
        guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {
            throw ValidationFailure("cannot read the settings file '\(path)'")
        }
        try self.init(text: text, name: path)
    }

    init(text: String, name: String) throws {
        let document: Node?
        do {
            document = try Yams.compose(yaml: text)
        } catch {
            throw ValidationFailure("\(name) is not YAML: \(error)")
        }
        guard let document else {
            values = [:]
            return
        }
        guard let mapping = document.mapping else {
            throw ValidationFailure("\(name): expected keys with values, 'http: 127.0.0.1:8080'")
        }
        let known = ServeSettings.Key.allCases.map(\.rawValue)
        var values: [String: String] = [:]
        for (key, value) in mapping {
            let line = key.mark.map { "\(name):\($0.line)" } ?? name
            guard let word = key.string, known.contains(word) else {
                let near = key.string.flatMap { NearestWord.find($0, among: known) }
                throw ValidationFailure(
                    "\(line): unknown key '\(key.string ?? "?")'" + (near.map { ", did you mean '\($0)'?" } ?? ""))
            }
            guard let scalar = value.scalar?.string else {
                throw ValidationFailure("\(line): '\(word)' takes one value, not a list or a mapping")
            }
            values[word] = scalar
        }
        self.values = values
    }
}
