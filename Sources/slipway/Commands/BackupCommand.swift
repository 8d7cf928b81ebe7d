// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import SlipwayControl
import SlipwayEngine
import SlipwayStorage

struct BackupCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup", abstract: "Copies the home's registry into a folder, while servers run.",
        discussion: "The copy is a home itself: slipway list --home FOLDER. To restore, put it in the home's place.")

    @Argument(help: "The folder for the copy.")
    var folder: String

    @OptionGroup var global: GlobalOptions

    private struct Report: Encodable {
        let folder: String
        let blobs: Int
    }

    func run() async throws {
        guard try global.serverAddress == nil else {
            throw ValidationFailure("a backup is made where the home is: run it there, without --server")
        }
        let home = try await OpenHome(folder: global.homeFolder, engines: [])
        let target = HomeLayout(root: folder)
        try await LoaderThread.run { try target.prepare() }
        let bar = ProgressBar("copying")
        let backup = HomeBackup(store: home.store, artifacts: home.artifacts)
        let blobs = try await backup.run(
            databasePath: target.database, target: FolderArtifactStore(root: target.root)
        ) { bar.show($0) }
        bar.finish()
        await home.close()
        if global.output == .json { return try Console.json(Report(folder: folder, blobs: blobs)) }
        print("copied the registry and \(blobs) blobs to \(folder)")
    }
}
