// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayEngine
package import SlipwayWire

/// Imports the models of another server, version by version in the order of their numbers, and deploys them.
///
/// Importing the same folders again gives the same versions. What fails for one version or model is told with it and
/// does not keep the others from being imported.
package struct RepositoryImport: Sendable {
    let admin: any AdminService
    let deploys: Bool
    let allowsSignatureChange: Bool

    /// - Parameters:
    ///   - admin: The home's own administration: folders cannot be sent to a server.
    ///   - deploys: Whether endpoints of the models' names are to serve them.
    package init(admin: any AdminService, deploys: Bool, allowsSignatureChange: Bool) {
        self.admin = admin
        self.deploys = deploys
        self.allowsSignatureChange = allowsSignatureChange
    }

    /// - Parameter progress: Called now and then with the fraction done, 0 to 1.
    package func run(
        _ models: [LayoutModel], progress: @escaping @Sendable (Double) -> Void
    ) async -> LayoutReport {
        let total = Double(max(1, models.reduce(0) { $0 + $1.versions.count }))
        var done = 0.0
        var report = LayoutReport(models: [])
        for model in models {
            let before = done
            report.models.append(await run(model) { progress((before + $0) / total) })
            done += Double(model.versions.count)
        }
        progress(1)
        return report
    }

    // MARK: One model

    /// - Parameter progress: Called with the number of versions done.
    private func run(
        _ model: LayoutModel, progress: @escaping @Sendable (Double) -> Void
    ) async -> LayoutReport.Model {
        var report = LayoutReport.Model(name: model.name, notes: model.notes)
        if let refusal = model.refusal {
            report.errors.append(refusal)
            return report
        }
        for (index, version) in model.versions.enumerated() {
            let one = await run(version, of: model, &report) { progress(Double(index) + $0) }
            report.versions.append(one)
        }
        tellFailures(&report)
        tellNumbers(&report)
        let numbers = report.versions.reduce(into: [Int: Int]()) { $0[$1.folder] = $1.version }
        await setLabels(model, numbers, &report)
        await deploy(model, numbers, &report)
        return report
    }

    private func run(
        _ version: LayoutModel.Version, of model: LayoutModel, _ report: inout LayoutReport.Model,
        progress: @escaping @Sendable (Double) -> Void
    ) async -> LayoutReport.Version {
        var result = LayoutReport.Version(folder: version.number, isServed: model.served.contains(version.number))
        do {
            if let problem = version.problem { throw ControlError(.unsupportedFormat, problem) }
            if let config = model.config { try await check(version.path, config) }
            var request = ImportRequest(path: version.path, model: model.name)
            request.classLabels = model.classLabels
            request.sourceName = version.sourceName
            let imported = try await admin.importModel(request, progress: progress)
            result.version = imported.version.version
            result.digest = imported.version.digest
            result.isNew = imported.isNew
            for note in imported.notes where !report.notes.contains(note) { report.notes.append(note) }
            if !imported.isNew, !model.classLabels.isEmpty {
                let known = model.classLabels.allSatisfy {
                    imported.version.metadata[ClassLabelFacts.key($0)] == ClassLabelFacts.write($1)
                }
                if !known {
                    report.notes.append("version \(imported.version.version) was imported before, without these labels")
                }
            }
            if model.keepsNumbers, imported.version.version != version.number {
                let alias = "folder-\(version.number)"
                _ = try await admin.setAlias(alias, of: model.name, to: imported.version.version)
                result.alias = alias
            }
        } catch {
            result.error = Self.text(error)
        }
        return result
    }

    /// Refuses a model that contradicts its configuration, before it is registered.
    private func check(_ path: String, _ config: TritonModelConfig) async throws {
        guard FileFacts.exists(path) else { throw ControlError(.notFound, "there is no file '\(path)'") }
        let signature = try await LoaderThread.run { try InspectedModel(path: path).signature }
        let mismatches = signature.map { ModelConfigOverride(config).mismatches(with: $0) } ?? []
        guard mismatches.isEmpty else {
            throw ControlError(
                .invalidRequest, "the model contradicts config.pbtxt: \(mismatches.joined(separator: "; "))")
        }
    }

    // MARK: Numbers and labels

    private func tellFailures(_ report: inout LayoutReport.Model) {
        for version in report.versions {
            guard let error = version.error else { continue }
            if version.isServed {
                report.errors.append("version \(version.folder): \(error)")
            } else {
                report.notes.append("version \(version.folder), which would not be served, is left out: \(error)")
            }
        }
    }

    private func tellNumbers(_ report: inout LayoutReport.Model) {
        let moved = report.versions.filter { $0.alias != nil }
        guard !moved.isEmpty else { return }
        let list = moved.prefix(10).map { "\($0.folder) is \($0.version ?? 0)" }.joined(separator: ", ")
        report.notes.append(
            "numbers differ here, so that requests for /versions/N must change: \(list)"
                + (moved.count > 10 ? " and \(moved.count - 10) more" : ""))
    }

    private func setLabels(
        _ model: LayoutModel, _ numbers: [Int: Int], _ report: inout LayoutReport.Model
    ) async {
        for (label, folder) in model.labels.sorted(by: { $0.key < $1.key }) {
            guard let number = numbers[folder] else {
                report.errors.append("the label '\(label)' names version \(folder), which was not imported")
                continue
            }
            do {
                _ = try await admin.setAlias(label, of: model.name, to: number)
                report.labels[label] = number
            } catch {
                report.errors.append("the label '\(label)': \(Self.text(error))")
            }
        }
    }

    // MARK: Endpoints

    private func deploy(
        _ model: LayoutModel, _ numbers: [Int: Int], _ report: inout LayoutReport.Model
    ) async {
        let versions = model.served.compactMap { numbers[$0] }.map { VersionID(model: model.name, number: $0) }
        let change = model.config.map(ModelConfigOverride.init)
        do {
            let current = deploys ? try await EndpointInForce.find(model.name, admin) : nil
            guard let routed = ServedVersions.spec(versions, current: current?.spec) else { return }
            var spec = routed
            change?.apply(to: &spec)
            var plain = EndpointSpec(primary: routed.primary)
            plain.canaries = routed.canaries
            var configured = plain
            change?.apply(to: &configured)
            report.settings = SpecDiff(from: plain, to: configured).lines.filter { $0.sign == .added }.map(\.text)
            guard deploys else {
                if !report.settings.isEmpty {
                    report.notes.append("the settings of its configuration come into force with --deploy")
                }
                return
            }
            guard versions.count == model.served.count else {
                report.errors.append("not deployed: not every version that is to be served was imported")
                return
            }
            if let current, current.spec == spec {
                report.endpoint = current.endpoint
                return
            }
            report.endpoint = try await admin.apply(
                EndpointSpecRequest(
                    spec: spec, expectedRevision: current?.revision ?? 0,
                    allowSignatureChange: allowsSignatureChange),
                to: model.name)
        } catch {
            report.errors.append("not deployed: \(Self.text(error))")
        }
    }

    private static func text(_ error: any Error) -> String { "\(error)" }
}

/// What an endpoint serves now.
struct EndpointInForce {
    let endpoint: EndpointDTO
    var spec: EndpointSpec? { endpoint.revision.spec }
    var revision: Int { endpoint.revision.number }

    /// `nil` when there never was such an endpoint.
    static func find(_ name: String, _ admin: any AdminService) async throws -> EndpointInForce? {
        do {
            return EndpointInForce(endpoint: try await admin.endpoint(name))
        } catch let error as any SlipwayError where error.category == .notFound {
            return nil
        }
    }
}
