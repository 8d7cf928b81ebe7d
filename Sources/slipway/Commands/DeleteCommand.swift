// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import SlipwayCore
import SlipwayWire

struct DeleteCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete", abstract: "Deletes a version that no endpoint serves; gc frees its space.")

    @Argument(help: "name:3, name@alias or name@sha256:0123ab.")
    var reference: String

    @OptionGroup var global: GlobalOptions

    func run() async throws {
        let reference = try ModelReference(parsing: reference)
        guard reference.selector != .newest else {
            throw ValidationFailure("name the version to delete: \(reference.name):NUMBER")
        }
        let version = try await global.withAdmin { try await $0.deleteVersion(reference) }
        if global.output == .json { return try Console.json(version) }
        print("deleted \(version.id)")
    }
}

struct GarbageCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gc", abstract: "Frees the space of what nothing needs any more.")

    @Option(help: "Also delete versions without alias and endpoint, all but the newest N of each model.")
    var keep: Int?

    @OptionGroup var global: GlobalOptions

    func run() async throws {
        let garbage = try await global.withAdmin { try await $0.collectGarbage(keep: keep) }
        if global.output == .json { return try Console.json(garbage) }
        for version in garbage.versions { print("deleted \(version)") }
        print("removed \(garbage.blobs) blobs, freed \(byteText(garbage.bytesFreed))")
    }
}
