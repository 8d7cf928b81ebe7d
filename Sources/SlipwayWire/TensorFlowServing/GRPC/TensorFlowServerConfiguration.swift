// SPDX-License-Identifier: Apache-2.0

import SwiftProtobuf

/// The models that TensorFlow Serving is told to serve: by `HandleReloadConfigRequest`, or by a file.
package struct TensorFlowServerConfiguration: Sendable, Hashable {
    /// Which of the versions in a model's folder are served.
    package enum VersionPolicy: Sendable, Hashable {
        /// The highest numbers.
        case latest(count: Int)
        case all
        case specific([Int])
    }

    package struct Model: Sendable, Hashable {
        package var name: String
        /// The folder of numbered version folders.
        package var basePath: String
        /// Empty when none is named.
        package var platform: String
        package var versionPolicy: VersionPolicy
        /// Versions by label.
        package var labels: [String: Int]

        package init(
            name: String, basePath: String, platform: String = "", versionPolicy: VersionPolicy = .latest(count: 1),
            labels: [String: Int] = [:]
        ) {
            self.name = name
            self.basePath = basePath
            self.platform = platform
            self.versionPolicy = versionPolicy
            self.labels = labels
        }
    }

    package var models: [Model]

    package init(models: [Model]) { self.models = models }

    /// - Throws: ``WireError`` `unsupported` for a configuration of another kind; `invalidRequest` for a model without
    ///   a name or a path, for one named twice, and for versions that cannot be.
    package init(_ message: Tensorflow_Serving_ModelServerConfig) throws(WireError) {
        switch message.config {
        case .modelConfigList(let list):
            models = []
            var names: Set<String> = []
            for entry in list.config {
                let model = try Model(entry)
                guard names.insert(model.name).inserted else {
                    throw WireError(.invalidRequest, "model '\(model.name)' is configured twice")
                }
                models.append(model)
            }
        case .customModelConfig:
            throw WireError(
                .unsupported, "custom_model_config is not supported: send a model_config_list of models with base paths"
            )
        case nil:
            throw WireError(.invalidRequest, "the configuration is empty: expected a model_config_list")
        }
    }
}

extension TensorFlowServerConfiguration.Model {
    fileprivate init(_ entry: Tensorflow_Serving_ModelConfig) throws(WireError) {
        guard !entry.name.isEmpty, !entry.basePath.isEmpty else {
            throw WireError(.invalidRequest, "every model of a model_config_list needs a name and a base_path")
        }
        var labels: [String: Int] = [:]
        for (label, version) in entry.versionLabels { labels[label] = try Self.number(version, entry.name) }
        self.init(
            name: entry.name, basePath: entry.basePath, platform: entry.modelPlatform,
            versionPolicy: try Self.policy(entry.modelVersionPolicy, entry.name), labels: labels)
    }

    private static func policy(
        _ message: Tensorflow_Serving_FileSystemStoragePathSourceConfig.ServableVersionPolicy, _ name: String
    ) throws(WireError) -> TensorFlowServerConfiguration.VersionPolicy {
        switch message.policyChoice {
        // 0 is what a message that says nothing has, and means 1.
        case .latest(let latest): return .latest(count: max(1, Int(latest.numVersions)))
        case .all: return .all
        case .specific(let specific):
            var numbers: [Int] = []
            for version in specific.versions { numbers.append(try number(version, name)) }
            guard !numbers.isEmpty else {
                throw WireError(
                    .invalidRequest, "the version policy 'specific' of model '\(name)' names no version")
            }
            return .specific(numbers)
        case nil: return .latest(count: 1)
        }
    }

    private static func number(_ version: Int64, _ name: String) throws(WireError) -> Int {
        guard version >= 0 else {
            throw WireError(.invalidRequest, "a version of model '\(name)' is negative")
        }
        return Int(version)
    }
}
