// SPDX-License-Identifier: Apache-2.0

import COnnxRuntime
import SlipwayCore
import SlipwayEngine

/// A loaded session and what it takes and gives; given back with the last reference.
final class ORTSession: @unchecked Sendable {
    // Unchecked: the library lets any number of threads run one session at the same time; all else is constant.
    let environment: ORTEnvironment
    let handle: OpaquePointer
    let inputs: [SessionValue]
    let outputs: [SessionValue]
    /// Says "main memory" where the library asks what a pointer points to.
    let mainMemory: OpaquePointer
    /// The session's own memory pool.
    private let arena: OpaquePointer?
    private let isProfiling: Bool

    var library: ORTLibrary { environment.library }

    /// Opens the model by its path, so that files it refers to are found beside it and may be of any size.
    init(_ bundle: ModelBundle, options: LoadOptions, environment: ORTEnvironment) throws(EngineError) {
        let library = environment.library
        let api = library.api
        let sessionOptions = try SessionOptions(bundle, options, environment)
        var created: OpaquePointer?
        try library.check(
            api.pointee.CreateSession(environment.handle, bundle.path, sessionOptions.handle, &created), .load)
        let session = try ORTLibrary.present(created)
        do throws(EngineError) {
            let signature = SessionSignature(session, library)
            inputs = try signature.inputs()
            outputs = try signature.outputs()
            var memory: OpaquePointer?
            try library.check(
                api.pointee.CreateCpuMemoryInfo(OrtArenaAllocator, OrtMemTypeDefault, &memory), .load)
            mainMemory = try ORTLibrary.present(memory)
        } catch {
            api.pointee.ReleaseSession(session)
            throw error
        }
        var arena: OpaquePointer?
        if let status = api.pointee.CreateAllocator(session, mainMemory, &arena) { api.pointee.ReleaseStatus(status) }
        self.arena = arena
        self.environment = environment
        handle = session
        isProfiling = options.profilePathPrefix != nil
    }

    /// Bytes that the session's memory pool holds; `nil` when the library does not tell.
    var arenaBytes: Int? {
        guard let arena else { return nil }
        let api = library.api
        var stats: OpaquePointer?
        if let status = api.pointee.AllocatorGetStats(arena, &stats) {
            api.pointee.ReleaseStatus(status)
            return nil
        }
        defer { api.pointee.ReleaseKeyValuePairs(stats) }
        return api.pointee.GetKeyValue(stats, "TotalAllocated").flatMap { Int(String(cString: $0)) }
    }

    deinit {
        let api = library.api
        if isProfiling {
            // Writes the profile; its name is of no use here, it starts with the path asked for.
            var name: UnsafeMutablePointer<CChar>?
            if let status = api.pointee.SessionEndProfiling(handle, library.allocator, &name) {
                api.pointee.ReleaseStatus(status)
            }
            _ = library.take(name)
        }
        if let arena { api.pointee.ReleaseAllocator(arena) }
        api.pointee.ReleaseMemoryInfo(mainMemory)
        api.pointee.ReleaseSession(handle)
    }
}
