// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Glibc
import SlipwayClient
import SlipwayEngine
import SlipwaySecurity
import SlipwayWire

/// Options that every command takes.
struct GlobalOptions: ParsableArguments {
    enum Output: String, ExpressibleByArgument, CaseIterable { case text, json }

    @Option(help: ArgumentHelp("The home's folder ($SLIPWAY_HOME, default ~/.slipway).", valueName: "dir"))
    var home: String?

    @Option(
        help: ArgumentHelp(
            "Go through the admin API of a running server, http://HOST:PORT ($SLIPWAY_SERVER).", valueName: "url"))
    var server: String?

    @Option(help: ArgumentHelp("API key for --server ($SLIPWAY_TOKEN).", valueName: "key"))
    var token: String?

    @Option(help: "text for people, json for programs.")
    var output = Output.text

    var homeFolder: String { home ?? Self.environment("SLIPWAY_HOME") ?? Self.defaultHome }

    var serverAddress: ServerAddress? {
        get throws { try (server ?? Self.environment("SLIPWAY_SERVER")).map { try ServerAddress(parsing: $0) } }
    }

    var apiKey: String? { token ?? Self.environment("SLIPWAY_TOKEN") }

    static func environment(_ name: String) -> String? {
        getenv(name).map { String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 }
    }

    private static var defaultHome: String { (environment("HOME") ?? ".") + "/.slipway" }

    /// Runs `body` with the administration that the options name: a server's, or the home's own.
    ///
    /// - Parameter needsEngines: Whether the home is to be opened with its engines, which takes a moment.
    func withAdmin<R>(
        needsEngines: Bool = false, _ body: (any AdminService) async throws -> R
    ) async throws -> R {
        if let address = try serverAddress {
            return try await body(
                AdminClient(server: address, token: apiKey) { path in
                    try await LoaderThread.run { try SHA256Hasher.digest(ofFileAt: path) }
                })
        }
        let home = try await OpenHome(folder: homeFolder, engines: needsEngines ? EngineCache.discover() : [])
        do {
            let result = try await body(home.control)
            await home.close()
            return result
        } catch {
            await home.close()
            throw error
        }
    }
}
