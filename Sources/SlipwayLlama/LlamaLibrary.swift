// SPDX-License-Identifier: Apache-2.0

import CSlipwayLlama
import SlipwayEngine

/// The opened library and its table of functions, which is constant.
struct LlamaLibrary: @unchecked Sendable {
    // Unchecked: the pointer leads to a constant inside the library, which is never closed.
    private let table: UnsafePointer<SlipwayLlamaAPI>
    let version: String
    let systemInfo: String

    static let remedy = "Run Scripts/bootstrap, which builds llama.cpp into the engine cache."

    var api: SlipwayLlamaAPI {
        _read { yield table.pointee }
    }

    init(path: String, log: @escaping @Sendable (EngineLogLine) -> Void) throws(EngineError) {
        let library = try DynamicLibrary(path: path, remedy: Self.remedy)
        let entry = unsafeBitCast(try library.symbol("slipway_llama_api"), to: Entry.self)
        guard let table = entry(UInt32(SLIPWAY_LLAMA_ABI)) else {
            throw EngineError(
                code: .libraryUnusable, message: "\(path) was built for another version of Slipway. \(Self.remedy)")
        }
        self.table = table
        version = table.pointee.version().map { String(cString: $0) } ?? "unknown"
        systemInfo = table.pointee.system_info().map { String(cString: $0).trimmingSpaces() } ?? ""
        // Never given back: the library may log as long as the process lives.
        let sink = Unmanaged.passRetained(LogSink(log: log))
        table.pointee.set_log(Self.forward, sink.toOpaque())
    }

    /// The bytes of a text that the library allocated, which is freed.
    func take(_ text: SlwText) -> [UInt8] {
        defer { api.free_text(text) }
        guard let bytes = text.bytes else { return [] }
        return [UInt8](UnsafeRawBufferPointer(start: bytes, count: text.count))
    }

    private typealias Entry = @convention(c) (UInt32) -> UnsafePointer<SlipwayLlamaAPI>?

    private final class LogSink: Sendable {
        let log: @Sendable (EngineLogLine) -> Void
        init(log: @escaping @Sendable (EngineLogLine) -> Void) { self.log = log }
    }

    private static let forward: @convention(c) (Int32, UnsafePointer<CChar>?, UnsafeMutableRawPointer?) -> Void = {
        level, text, sink in
        guard let text, let sink else { return }
        let line = EngineLogLine(
            level: EngineLogLine.Level(rawValue: Int(level)) ?? .info, engine: LlamaEngine.engineName,
            message: String(cString: text))
        Unmanaged<LogSink>.fromOpaque(sink).takeUnretainedValue().log(line)
    }
}

extension String {
    fileprivate func trimmingSpaces() -> String {
        let kept = drop { $0 == " " }
        guard let last = kept.lastIndex(where: { $0 != " " && $0 != "|" }) else { return "" }
        return String(kept[...last])
    }
}
