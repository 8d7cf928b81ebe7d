// SPDX-License-Identifier: Apache-2.0

import COnnxRuntime
import SlipwayEngine
import Synchronization

/// What one call needs of C memory, kept for the next: run options and the arrays handed to the library.
///
/// One call at a time uses a slot. Only ``terminate(run:)`` comes from other threads.
final class RunSlot: @unchecked Sendable {
    // Unchecked: the arrays belong to the call that took the slot; `state` guards the rest.
    private struct State {
        var run: UInt64 = 0
        var isRunning = false
        var isTerminated = false
    }

    let inputNames: UnsafeMutablePointer<UnsafePointer<CChar>?>
    let inputs: UnsafeMutablePointer<OpaquePointer?>
    let outputs: UnsafeMutablePointer<OpaquePointer?>
    let options: OpaquePointer
    /// Inputs set so far; the calling thread's.
    private(set) var inputCount = 0
    private let outputCapacity: Int
    private let library: ORTLibrary
    private let state = Mutex(State())

    init(_ session: ORTSession) throws(EngineError) {
        library = session.library
        var options: OpaquePointer?
        try library.check(library.api.pointee.CreateRunOptions(&options), .run)
        self.options = try ORTLibrary.present(options)
        // What goes wrong in a run reaches its caller as an error. Lines about single runs would flood the log: one
        // for every cancelled call, and one for every result whose shape the file announced wrongly.
        let fatalOnly = Int32(ORT_LOGGING_LEVEL_FATAL.rawValue)
        try library.check(library.api.pointee.RunOptionsSetRunLogSeverityLevel(options, fatalOnly), .run)
        let inputCapacity = max(1, session.inputs.count)
        outputCapacity = max(1, session.outputs.count)
        inputNames = .allocate(capacity: inputCapacity)
        inputNames.initialize(repeating: nil, count: inputCapacity)
        inputs = .allocate(capacity: inputCapacity)
        inputs.initialize(repeating: nil, count: inputCapacity)
        outputs = .allocate(capacity: outputCapacity)
        outputs.initialize(repeating: nil, count: outputCapacity)
    }

    /// Adds an input and takes over its value.
    func append(_ value: OpaquePointer, named name: CString) {
        inputNames[inputCount] = UnsafePointer(name.pointer)
        inputs[inputCount] = value
        inputCount += 1
    }

    /// Hands over a result, which the slot then no longer gives back.
    func takeOutput(_ index: Int) -> OpaquePointer? {
        let value = outputs[index]
        outputs[index] = nil
        return value
    }

    /// Gives back all values, whichever way the call went.
    func clear() {
        for index in 0..<inputCount {
            library.api.pointee.ReleaseValue(inputs[index])
            inputs[index] = nil
        }
        inputCount = 0
        for index in 0..<outputCapacity {
            guard let value = outputs[index] else { continue }
            library.api.pointee.ReleaseValue(value)
            outputs[index] = nil
        }
    }

    /// Begins a run and returns its number.
    func begin() -> UInt64 {
        state.withLock { state in
            state.run += 1
            state.isRunning = true
            return state.run
        }
    }

    /// Ends the run that is going on; tells whether it was asked to stop.
    func end() -> Bool {
        state.withLock { state in
            state.isRunning = false
            guard state.isTerminated else { return false }
            state.isTerminated = false
            if let status = library.api.pointee.RunOptionsUnsetTerminate(options) {
                library.api.pointee.ReleaseStatus(status)
            }
            return true
        }
    }

    /// Makes run number `run` end soon; does nothing when it has ended, for the slot may serve another call by then.
    func terminate(run: UInt64) {
        state.withLock { state in
            guard state.isRunning, state.run == run else { return }
            state.isTerminated = true
            if let status = library.api.pointee.RunOptionsSetTerminate(options) {
                library.api.pointee.ReleaseStatus(status)
            }
        }
    }

    deinit {
        library.api.pointee.ReleaseRunOptions(options)
        inputNames.deallocate()
        inputs.deallocate()
        outputs.deallocate()
    }
}

/// The slots of one model that no call uses; as many come to be as calls ever ran at the same time.
final class RunSlots: Sendable {
    private let idle = Mutex<[RunSlot]>([])

    func take(for session: ORTSession) throws(EngineError) -> RunSlot {
        if let slot = idle.withLock({ $0.popLast() }) { return slot }
        return try RunSlot(session)
    }

    func giveBack(_ slot: RunSlot) {
        slot.clear()
        idle.withLock { $0.append(slot) }
    }
}
