// SPDX-License-Identifier: Apache-2.0

import SlipwayControl
import SlipwayCore
import SlipwayEngine
import SlipwayRegistry
import SlipwayStorage

/// An opened home: its stores, and the control over them.
struct OpenHome: Sendable {
    let layout: HomeLayout
    let store: SQLiteMetadataStore
    let artifacts: FolderArtifactStore
    let control: HomeControl

    init(folder: String, engines: [any InferenceEngine]) async throws {
        layout = HomeLayout(root: folder)
        let layout = layout
        try await LoaderThread.run { try layout.prepare() }
        store = try await SQLiteMetadataStore.open(path: layout.database)
        artifacts = FolderArtifactStore(root: layout.root)
        control = HomeControl(store: store, artifacts: artifacts, engines: engines, clock: Timestamp.systemNow)
    }

    func close() async { await store.close() }
}
