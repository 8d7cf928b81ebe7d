// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import SlipwayControl
import SlipwayEngine
import SlipwayRegistry
import SlipwayStorage

struct BackupCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup", abstract: "Copies the home into a folder, while servers run.",
        discussion: """
            Models, endpoints and keys, what monitoring keeps, labels with the predictions that wait for them, and \
            captured requests; of a segment that is still written, what is whole by now. The copy is a home itself: \
            slipway list --home FOLDER. To restore, put it in the home's place.
            """)

    @Argument(help: "The folder for the copy.")
    var folder: String

    @Flag(inversion: .prefixedNo, help: "Copy captured requests too, which may be many.")
    var capture = true

    @OptionGroup var global: GlobalOptions

    private struct Report: Encodable {
        let folder: String
        let blobs: Int
        /// Bytes by what they are of.
        let bytes: [String: Int]
        /// Segments of captured requests; `nil` where they were left out.
        let segments: Int?
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
        try await forgetReplicas(in: target)
        let (monitoring, labels) = try await copyMonitoring(of: home, to: target)
        let segments = capture ? try await copyCapture(of: home, to: target) : nil
        await home.close()
        var bytes = ["blobs": blobs.byteCount, "monitoring": monitoring, "labels": labels]
        bytes["registry"] = try FileCopy.byteCount(of: target.database)
        bytes["capture"] = segments?.byteCount
        if global.output == .json {
            return try Console.json(
                Report(folder: folder, blobs: blobs.count, bytes: bytes, segments: segments?.count))
        }
        print("copied to \(folder)")
        let rows = [
            ("registry", "rows"), ("blobs", "\(blobs.count) blobs"), ("monitoring", "rows"), ("labels", "journals"),
            ("capture", "\(segments?.count ?? 0) segments"),
        ]
        for (name, what) in rows {
            guard let count = bytes[name] else { continue }
            print("  \(name.padding(to: 11))\(byteText(count))  \(what)")
        }
    }

    /// Nobody serves the copy: commands on it must not ask, or change, what serves the home.
    private func forgetReplicas(in target: HomeLayout) async throws {
        let copy = try await SQLiteMetadataStore.open(path: target.database)
        for replica in try await copy.replicas() { try await copy.removeReplica(replica.id) }
        await copy.close()
    }

    /// The bytes of monitoring's rows, its settings among them, and of labels.
    private func copyMonitoring(of home: OpenHome, to target: HomeLayout) async throws -> (rows: Int, labels: Int) {
        try await home.monitoring.backUp(to: target.monitoringDatabase)
        let layout = home.layout
        return try await BlockingFiles.run { flag in
            // It may be mounted by a link.
            let settings = try FileCopy.copy(
                layout.monitoringFile, to: target.monitoringFile, followsLink: true, until: flag)
            let labels = try FileLabelJournal.copyAll(under: layout.labels, to: target.labels, until: flag)
            return (try FileCopy.byteCount(of: target.monitoringDatabase) + (settings ?? 0), labels.byteCount)
        }
    }

    private func copyCapture(of home: OpenHome, to target: HomeLayout) async throws -> CopiedFiles {
        let bar = ProgressBar("copying captured requests")
        let copied = try await home.captures.copyAll(to: target.capture) { bar.show($0) }
        bar.finish()
        return copied
    }
}
