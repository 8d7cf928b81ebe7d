// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import SlipwayCore
import SlipwayWire

struct ShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Shows one version: signature, files, origin.")

    @Argument(help: "name, name:3, name@alias or name@sha256:0123ab.")
    var reference: String

    @OptionGroup var global: GlobalOptions

    func run() async throws {
        let reference = try ModelReference(parsing: reference)
        let version = try await global.withAdmin { try await $0.version(reference) }
        if global.output == .json { return try Console.json(version) }
        print("\(version.id)  \(version.digest)")
        if !version.aliases.isEmpty { print("aliases    \(version.aliases.joined(separator: ", "))") }
        print("format     \(version.format), runs on \(version.engine)")
        print("imported   \(version.createdAt) from \(version.source.name)")
        print("inputs     " + version.signature.inputs.map(Self.text).joined(separator: "\n           "))
        print("outputs    " + version.signature.outputs.map(Self.text).joined(separator: "\n           "))
        for file in version.files { print("file       \(file.path)  \(byteText(file.byteCount))  \(file.digest)") }
        for (key, value) in version.metadata.sorted(by: { $0.key < $1.key }) {
            print("\(key): \(value.count > 100 ? value.prefix(100) + "..." : value[...])".replacing("\n", with: " "))
        }
    }

    private static func text(_ spec: TensorSpec) -> String {
        var text = "\(spec.name) \(spec.elementType.rawValue) \(spec.shapeText)"
        if spec.isOptional { text += " optional" }
        if spec.form != .tensor { text += " (\(spec.form.rawValue))" }
        return text
    }
}
