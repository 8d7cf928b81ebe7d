// SPDX-License-Identifier: Apache-2.0

import Foundation
import SlipwayControl
import SlipwayCore
import SlipwayEngine
import SlipwayMonitoring
import SlipwayRegistry
import SlipwayStorage

/// An opened home: its stores, and the control over them.
struct OpenHome: Sendable {
    let layout: HomeLayout
    let store: SQLiteMetadataStore
    let artifacts: FolderArtifactStore
    let monitoring: SQLiteMonitoringStore
    let captures: CaptureStore
    let labels: LabelFolders
    private(set) var control: HomeControl

    init(folder: String, engines: [any InferenceEngine]) async throws {
        layout = HomeLayout(root: folder)
        let layout = layout
        try await LoaderThread.run {
            try layout.prepare()
            HomeCache(folder: layout.cache).sweep(keeping: nil)
        }
        store = try await SQLiteMetadataStore.open(path: layout.database)
        artifacts = FolderArtifactStore(root: layout.root)
        monitoring = try await SQLiteMonitoringStore.open(path: layout.monitoringDatabase)
        captures = CaptureStore(root: layout.capture)
        labels = LabelFolders(root: layout.labels)
        control = HomeControl(store: store, artifacts: artifacts, engines: engines, clock: Timestamp.systemNow)
        control.cache = HomeCache(folder: layout.cache)
        control.samples = KeptSamples(folder: layout.root + "/samples")
        control.monitoring = MonitoringParts(
            store: monitoring,
            captures: CaptureFiles(store: captures, writer: nil, labels: labels, cache: layout.cache),
            profiles: DataSetProfiler(
                store: store, artifacts: artifacts, engines: engines, clock: Timestamp.systemNow))
        control.monitoring.receivers = Self.receivers(layout)
    }

    /// Names of the receivers of `monitoring.yaml`; `nil` where there is none, or none that can be read.
    private static func receivers(_ layout: HomeLayout) -> [String]? {
        let path = layout.monitoringFile
        guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { return nil }
        return try? MonitoringFile.parse(text, name: path).receivers.map(\.name)
    }

    /// The control in a process that serves, which knows what its monitors say.
    func control(watchedBy monitoring: ReplicaMonitoring) -> HomeControl {
        var control = control
        control.monitoring.live = monitoring.loop
        control.monitoring.receivers = monitoring.receivers
        control.monitoring.captures = CaptureFiles(
            store: captures, writer: monitoring.capture, labels: labels, cache: layout.cache)
        return control
    }

    func close() async {
        await monitoring.close()
        await store.close()
    }
}
