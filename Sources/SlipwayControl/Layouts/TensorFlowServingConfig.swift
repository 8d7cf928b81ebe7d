// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
package import SlipwayWire

/// Reads what TensorFlow Serving is started with: a `model_config_file`, or one model's base path.
///
/// The numbered folders hold ONNX files; a SavedModel is named as what it is.
package enum TensorFlowServingConfig {
    private static let policy = ConfigSchema(
        .one("latest", .one("num_versions", .integer)), .one("all"), .one("specific", .many("versions", .integer)))

    private static let schema = ConfigSchema(
        .one(
            "model_config_list",
            .many(
                "config", .one("name", .text), .one("base_path", .text), .one("model_type", .anything),
                .one("model_platform", .text), .one("model_version_policy", .message(policy)),
                .one("version_labels", .map(.integer)), .one("logging_config", .anything))),
        .one("custom_model_config", .anything))

    /// One model of the file.
    private struct Entry: Sendable, Hashable {
        var name: String
        var basePath: String
        var policy: VersionPolicy?
        var labels: [String: Int]
        var notes: [String]
    }

    /// Reads the file and every model that it names.
    ///
    /// - Parameters:
    ///   - path: The file, protobuf text of a ModelServerConfig.
    ///   - only: The one model that is wanted.
    /// - Throws: `ControlError` with the line of everything that is wrong in the file.
    package static func scan(file path: String, only: String? = nil) throws(ControlError) -> [LayoutModel] {
        let entries = try parse(
            try LayoutFolder.smallFile(path), file: String(path.split(separator: "/").last ?? "config"))
        guard let only else { return entries.map(model) }
        guard let entry = entries.first(where: { $0.name == only }) else {
            throw ControlError(
                .notFound, "the file has no model '\(only)'" + NearestWord.hint(only, among: entries.map(\.name)))
        }
        return [model(entry)]
    }

    /// Reads one model by its base path, as `MODEL_NAME` and `MODEL_BASE_PATH` name it.
    package static func model(at path: String, name: String) -> LayoutModel {
        model(Entry(name: name, basePath: path, policy: nil, labels: [:], notes: []))
    }

    /// Every model of a configuration that came by `HandleReloadConfigRequest`.
    package static func models(of configuration: TensorFlowServerConfiguration) -> [LayoutModel] {
        configuration.models.map { entry in
            let policy: VersionPolicy =
                switch entry.versionPolicy {
                case .latest(let count): .latest(count)
                case .all: .all
                case .specific(let numbers): .specific(numbers)
                }
            return model(
                Entry(name: entry.name, basePath: entry.basePath, policy: policy, labels: entry.labels, notes: []))
        }
    }

    private static func parse(_ text: [UInt8], file: String) throws(ControlError) -> [Entry] {
        try ConfigReader.read(text: text, file: file, schema) { node, problems in
            if node.values["custom_model_config"] != nil {
                problems.add(node.line(of: "custom_model_config"), "'custom_model_config' is not mapped yet")
            }
            let configs = node.node("model_config_list")?.nodes("config") ?? []
            if configs.count > LayoutFolder.maximumEntries {
                problems.add(
                    1, "the file names \(configs.count) models, expected \(LayoutFolder.maximumEntries) at most")
            }
            if configs.isEmpty { problems.add(1, "the file names no model: expected model_config_list { config { } }") }
            var entries: [Entry] = []
            var names: Set<String> = []
            for config in configs.prefix(LayoutFolder.maximumEntries) {
                guard let entry = entry(config, &problems) else { continue }
                if !names.insert(entry.name).inserted {
                    problems.add(config.line, "the model '\(entry.name)' is named twice")
                }
                entries.append(entry)
            }
            return entries
        }
    }

    private static func entry(_ node: ConfigNode, _ problems: inout FileProblems) -> Entry? {
        guard let name = node.text("name"), let path = node.text("base_path"), !path.isEmpty else {
            problems.add(node.line, "a model needs 'name' and 'base_path'")
            return nil
        }
        var entry = Entry(name: name, basePath: path, policy: nil, labels: [:], notes: [])
        entry.policy = node.node("model_version_policy").flatMap {
            VersionPolicy.read($0, named: "model_version_policy", &problems)
        }
        for (label, value) in node.map("version_labels") {
            if case .integer(let number) = value { entry.labels[label] = number }
        }
        if node.values["logging_config"] != nil {
            entry.notes.append("logging_config: recording requests is not mapped yet")
        }
        return entry
    }

    private static func model(_ entry: Entry) -> LayoutModel {
        var model = LayoutModel(name: entry.name)
        model.notes = entry.notes
        model.labels = entry.labels
        do {
            try ModelReference.checkName(entry.name)
            for label in entry.labels.keys { try ModelReference.checkName(label) }
            guard !entry.basePath.contains("://") else {
                throw ControlError(
                    .unsupportedFormat, "base_path '\(entry.basePath)' is not on this machine: copy the folder here")
            }
            let folder = try LayoutFolder(entry.basePath)
            model.versions = try NumberedVersions(folder: folder, rule: .tensorFlowServing).find(in: "")
            model.choose(entry.policy ?? .latest(1))
            let numbers = model.versions.map(\.number)
            for (label, number) in entry.labels.sorted(by: { $0.key < $1.key }) where !numbers.contains(number) {
                model.refuse("the label '\(label)' names version \(number), which is not there")
            }
        } catch let error as any SlipwayError {
            model.refuse(error.message)
        } catch {
            model.refuse("\(error)")
        }
        return model
    }
}
