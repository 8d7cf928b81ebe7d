// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Glibc
import Logging
import SlipwayControl
import SlipwayCore
import SlipwayEngine

struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor", abstract: "Looks at engines, machine, registry and blobs.",
        discussion: "Exit code 1 when something is broken.")

    @Flag(help: "Remove orphaned blobs and what interrupted imports left behind.")
    var repair = false

    @OptionGroup var global: GlobalOptions

    func run() async throws {
        guard try global.serverAddress == nil else {
            throw ValidationFailure("the doctor looks at this machine and its home: run it without --server")
        }
        var findings = machine() + engines()
        do {
            let home = try await OpenHome(folder: global.homeFolder, engines: [])
            findings += try await RegistryDoctor(store: home.store, artifacts: home.artifacts).examine(repair: repair)
            await home.close()
        } catch {
            findings.append(.init(.problem, "registry", "\(error)"))
        }
        if global.output == .json {
            try Console.json(findings)
        } else {
            for finding in findings {
                print("\(finding.severity.rawValue.padding(to: 8)) \(finding.subject.padding(to: 12)) \(finding.text)")
            }
        }
        if findings.contains(where: { $0.severity == .problem }) { throw ExitCode(1) }
    }

    private func machine() -> [RegistryDoctor.Finding] {
        let budget = CoreBudget.current()
        let features = CPUFeatures.current().notable
        return [
            .init(.ok, "cores", "\(budget.cores) by affinity and cgroup quota"),
            .init(.ok, "cpu", features.isEmpty ? "no vector features known" : features.joined(separator: " ")),
            .init(.ok, "home", global.homeFolder),
        ]
    }

    private func engines() -> [RegistryDoctor.Finding] {
        let opened = EngineCache.candidates.map {
            candidate -> (EngineCache.Candidate, Result<any InferenceEngine, EngineError>) in
            (
                candidate,
                Result { () throws(EngineError) in
                    try EngineCache.open(candidate, threads: 1, log: Logger(label: "engine"))
                }
            )
        }
        let isAnyThere = opened.contains { (try? $0.1.get()) != nil }
        return opened.map { candidate, result in
            switch result {
            case .success(let engine):
                let devices = engine.capabilities.devices.joined(separator: ", ")
                return .init(.ok, engine.name, "\(engine.version) at \(candidate.libraryPath), devices: \(devices)")
            case .failure(let error):
                // One that was never set up is nobody's problem while others are there.
                let isMissed = error.code != .libraryMissing || !isAnyThere
                return .init(isMissed ? .problem : .warning, candidate.name, "\(error)")
            }
        }
    }
}
