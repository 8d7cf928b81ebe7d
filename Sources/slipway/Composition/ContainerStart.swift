// SPDX-License-Identifier: Apache-2.0

import SlipwayServer
import SlipwayWire

/// Serves the model that a cloud put into the container, without a command.
struct ContainerStart {
    /// Most wanted first; they need not exist.
    let folders: [String]
    /// What to call a model whose folder does not say.
    let name: String?
    let admin: any AdminService

    /// Imports the first model found and deploys it, unless the home serves it already.
    ///
    /// - Throws: ``ServerError`` `badParameter` for a folder with several models; errors of the import.
    func deployModel(note: (String) -> Void) async throws {
        for folder in folders {
            guard let model = try ContainerModel.find(in: folder, name: name ?? "model") else { continue }
            let imported = try await admin.importModel(ImportRequest(path: model.path, model: model.name)) { _ in }
            let known = try await admin.endpoints().contains { $0.name == model.name }
            if imported.isNew || !known {
                _ = try await admin.deploy(DeployRequest(reference: "\(imported.version.id)"), to: model.name)
            }
            note("serving \(imported.version.id) from \(model.path)")
            return
        }
    }
}
