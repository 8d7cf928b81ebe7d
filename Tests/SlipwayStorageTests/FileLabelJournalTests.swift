// SPDX-License-Identifier: Apache-2.0

import Glibc
import SlipwayCore
import SlipwayMonitoring
import SlipwayNumerics
import SlipwayRegistry
import SlipwayStorage
import SlipwayTestKit
import Synchronization
import Testing

@Suite("The label journal's files")
struct FileLabelJournalTests {
    let folder: TemporaryFolder
    var path: String { folder.path + "/labels" }

    init() throws { folder = try TemporaryFolder() }

    private static let start: Int64 = 1_800_000_000_000

    private static func prediction(_ index: Int, padding: Int = 0) -> JournalRecord {
        .prediction(
            PredictionRecord(
                requestID: "r\(index)", version: VersionID(model: "fraud", number: 1),
                at: Timestamp(milliseconds: start + Int64(index) * 1000), rows: 1,
                answers: .scores([0.25, 0.75], classes: 2),
                segments: padding > 0 ? [String(repeating: "x", count: padding)] : []))
    }

    private static func feedback(_ index: Int, at: Int) -> JournalRecord {
        var join = JoinRecord(
            requestID: "r\(index)", version: VersionID(model: "fraud", number: 1),
            at: Timestamp(milliseconds: start + Int64(at) * 1000),
            predictedAt: Timestamp(milliseconds: start + Int64(index) * 1000))
        join.outcomes = [.init(segment: nil, value: .measured(predicted: 1, actual: Double(index)))]
        return .feedback(join)
    }

    private func records(_ journal: FileLabelJournal, since: Int = -1_000_000) throws -> [JournalRecord] {
        var found: [JournalRecord] = []
        try journal.replay(since: Timestamp(milliseconds: Self.start + Int64(since) * 1000)) { found.append($0) }
        return found
    }

    private func files() throws -> [String] { try PosixFolder.names(in: path).filter { $0.hasSuffix(".log") } }

    @Test("give records back in their order over restarts, both kinds merged")
    func order() throws {
        let written = (0..<20).map { $0 % 3 == 2 ? Self.feedback($0 - 1, at: $0) : Self.prediction($0) }
        for record in written { try FileLabelJournal(folder: path).append([record]) }
        let journal = try FileLabelJournal(folder: path)
        #expect(try records(journal) == written)
        #expect(try records(journal, since: 10) == Array(written[10...]))
        #expect(journal.statistics.damaged == 0)
    }

    @Test("are copied while they are written: whole, every label with its prediction")
    func copies() throws {
        let written = (0..<20).map { $0 % 3 == 2 ? Self.feedback($0 - 1, at: $0) : Self.prediction($0) }
        let journal = try FileLabelJournal.open(under: path + "/fraud")
        try journal.append(written)
        let target = folder.path + "/copy"
        let copied = try FileLabelJournal.copyAll(under: path, to: target)
        #expect(copied.count == 2)
        #expect(copied.byteCount == journal.statistics.bytes)
        try journal.append([Self.prediction(50)])
        let copy = try FileLabelJournal(folder: target + "/fraud/0")
        #expect(try records(copy) == written)
        #expect(copy.name == journal.name)
        try copy.append([Self.feedback(0, at: 60)])
        #expect(try records(journal) == written + [Self.prediction(50)])
    }

    @Test("copied in the middle of a record are read up to it")
    func copiesTorn() throws {
        let journal = try FileLabelJournal.open(under: path + "/fraud")
        try journal.append([Self.prediction(0), Self.prediction(1)])
        let name = try #require(try PosixFolder.names(in: path + "/fraud/0").first { $0.hasPrefix("predictions") })
        let file = path + "/fraud/0/" + name
        try #require(truncate(file, off_t(try TemporaryFolder.contents(of: file).count - 3)) == 0)
        _ = try FileLabelJournal.copyAll(under: path, to: folder.path + "/copy")
        #expect(try records(FileLabelJournal(folder: folder.path + "/copy/fraud/0")) == [Self.prediction(0)])
    }

    @Test("belong to one process at a time; replicas of one home take the next folder")
    func locked() throws {
        let first = try FileLabelJournal.open(under: path)
        try first.append([Self.prediction(1)])
        let second = try FileLabelJournal.open(under: path)
        #expect(try records(second).isEmpty)
        let error = #expect(throws: RegistryError.self) { try FileLabelJournal(folder: path + "/0") }
        #expect(error?.code == .storeUnavailable)
        #expect(try records(first).count == 1)
    }

    @Test("can be read by others while they are written")
    func readByOthers() throws {
        let journal = try FileLabelJournal(folder: path)
        try journal.append([Self.prediction(1), Self.feedback(1, at: 2), Self.prediction(2)])
        func read() throws -> [String] {
            var ids: [String] = []
            try FileLabelJournal.readFeedback(in: path) { ids.append($0.requestID) }
            return ids
        }
        #expect(try read() == ["r1"])
        try journal.append([Self.feedback(2, at: 3)])
        #expect(try read() == ["r1", "r2"])
    }

    @Test("lose a torn tail and nothing else, wherever they are cut")
    func tornTail() throws {
        let written = (0..<4).map { Self.feedback($0, at: $0) }
        var ends: [Int] = []
        for record in written {
            try FileLabelJournal(folder: path).append([record])
            ends.append(try TemporaryFolder.contents(of: path + "/" + files()[0]).count)
        }
        let file = path + "/" + (try files()[0])
        let whole = try TemporaryFolder.contents(of: file)
        for length in stride(from: whole.count, through: 0, by: -1) {
            try #require(truncate(file, off_t(length)) == 0 || length == 0)
            let journal = try FileLabelJournal(folder: path)
            #expect(try records(journal) == Array(written.prefix(ends.count { $0 <= length })))
            guard length > 0, access(file, F_OK) == 0 else { break }
        }
        // What is written next is found again.
        try FileLabelJournal(folder: path).append([Self.feedback(9, at: 9)])
        #expect(try records(try FileLabelJournal(folder: path)) == [Self.feedback(9, at: 9)])
    }

    @Test("keep what is before and after a damaged segment's rest, and count the damage")
    func damaged() throws {
        let written = (0..<400).map { Self.prediction($0, padding: 60) }
        do {
            let journal = try FileLabelJournal(folder: path, maximumBytes: 128 << 10)
            for record in written { try journal.append([record]) }
        }
        let names = try files()
        try #require(names.count > 2)
        let file = path + "/" + names[0]
        let bytes = try TemporaryFolder.contents(of: file)
        let middle = bytes.count / 2
        let descriptor = open(file, O_WRONLY)
        try #require(descriptor >= 0)
        try #require(pwrite(descriptor, [bytes[middle] ^ 1], 1, off_t(middle)) == 1)
        close(descriptor)
        let journal = try FileLabelJournal(folder: path, maximumBytes: 128 << 10)
        #expect(journal.statistics.damaged == 1)
        let found = try records(journal)
        #expect(found.count < written.count && found.count > written.count / 2)
        #expect(found.first == written.first && found.last == written.last)
        #expect(found.allSatisfy(written.contains))
    }

    @Test("stay within their bytes, oldest first, and say since when they are whole")
    func bounded() throws {
        let journal = try FileLabelJournal(folder: path, maximumBytes: 128 << 10)
        for index in 0..<3000 { try journal.append([Self.prediction(index, padding: 60)]) }
        // Half of the bytes, and the segment being written.
        #expect(journal.statistics.bytes <= (64 << 10) + (17 << 10))
        let kept = try records(journal)
        #expect(kept.last == Self.prediction(2999, padding: 60))
        let first = try #require(kept.first)
        #expect(journal.horizon.predictions <= first.at)
        #expect(journal.horizon.predictions > Timestamp(milliseconds: Self.start))
        #expect(journal.horizon.feedback == JournalHorizon.none.feedback)
    }

    @Test("remember over a restart since when they are whole")
    func horizon() throws {
        var before: JournalHorizon?
        do {
            let journal = try FileLabelJournal(folder: path, maximumBytes: 128 << 10)
            for index in 0..<3000 { try journal.append([Self.prediction(index, padding: 60)]) }
            before = journal.horizon
        }
        #expect(try FileLabelJournal(folder: path, maximumBytes: 128 << 10).horizon == before)
    }

    @Test("forget what is no longer needed")
    func drop() throws {
        let journal = try FileLabelJournal(folder: path)
        try journal.append([Self.prediction(1), Self.feedback(1, at: 2)])
        let later = Timestamp(milliseconds: Self.start + 10_000)
        try journal.drop(before: JournalHorizon(predictions: later, feedback: Timestamp(milliseconds: Self.start)))
        #expect(try records(journal) == [Self.feedback(1, at: 2)])
        try journal.append([Self.prediction(20)])
        try journal.drop(before: JournalHorizon(predictions: later, feedback: later))
        #expect(try records(journal) == [Self.prediction(20)])
    }

    @Test("move their times when the clock was put back")
    func clockStep() throws {
        let journal = try FileLabelJournal(folder: path)
        try journal.append([Self.prediction(7200)])
        try journal.append([.clockStep(at: Timestamp(milliseconds: Self.start), by: 7_200_000)])
        let horizon = Timestamp(milliseconds: Self.start + 1000)
        try journal.append([Self.feedback(2, at: 2)])
        try journal.drop(before: JournalHorizon(predictions: horizon, feedback: horizon))
        #expect(
            try records(journal) == [
                .clockStep(at: Timestamp(milliseconds: Self.start), by: 7_200_000), Self.feedback(2, at: 2),
            ])
    }

    @Test("take nothing of what a full disk refused, and go on when there is room")
    func full() throws {
        let room = Mutex(300)
        let journal = try FileLabelJournal(folder: path, writer: Self.writer { room.withLock { $0 } })
        try journal.append([Self.feedback(1, at: 1)])
        room.withLock { $0 = 10 }
        #expect(throws: RegistryError.self) { try journal.append([Self.feedback(2, at: 2)]) }
        room.withLock { $0 = 300 }
        try journal.append([Self.feedback(3, at: 3)])
        #expect(try records(journal) == [Self.feedback(1, at: 1), Self.feedback(3, at: 3)])
    }

    /// Writes at most `room` bytes of each call; less than asked for fails, as on a full disk.
    private static func writer(_ room: @escaping @Sendable () -> Int) -> FileWriter {
        FileWriter { descriptor, bytes in
            let count = min(room(), bytes.count)
            let written = Glibc.write(descriptor, bytes.baseAddress, count)
            return written == bytes.count ? .wrote(written) : .failed(ENOSPC)
        }
    }

    // MARK: Death at any write

    @Test("hold every label that was acknowledged, once, wherever the process died", arguments: [1, 2] as [UInt64])
    func deaths(seed: UInt64) throws {
        var spec = MonitoringSpec()
        spec.labelWindowSeconds = 600
        let steps = try Self.history(seed: seed)
        let end = Timestamp(milliseconds: Self.start + 60_000)
        for kill in 0..<60 {
            let home = folder.path + "/death-\(seed)-\(kill)"
            var acknowledged: [String] = []
            var survivors = 0
            do {
                let writer = Self.dying(after: kill, cut: Int(seed) + kill % 40)
                let journal = try FileLabelJournal(folder: home, writer: writer)
                let join = try LabelJoin(
                    endpoint: "fraud", spec: spec, profile: nil, journal: journal,
                    now: Timestamp(milliseconds: Self.start))
                for step in steps { acknowledged += Self.run(step, on: join) }
            }
            let journal = try FileLabelJournal(folder: home)
            let join = try LabelJoin(endpoint: "fraud", spec: spec, profile: nil, journal: journal, now: end)
            let counted = join.summaries(at: end).reduce(0) { $0 + $1.labelled }
            // All that was acknowledged, and nothing twice: what died before its answer may have been kept or not.
            #expect(counted >= acknowledged.count && counted <= acknowledged.count + 1)
            for id in acknowledged {
                #expect(join.join([Feedback(requestID: id, label: .number(1))], at: end) == [.duplicate])
            }
            // The clients say everything again: in the end each labelled prediction that survived counts once.
            for step in steps { survivors += Self.run(step, on: join).count }
            let again = join.summaries(at: end).reduce(0) { $0 + $1.labelled }
            #expect(again == counted + survivors)
            join.close()
            let snapshot = join.snapshot
            try #require(snapshot.bytes >= 0)
        }
    }

    private enum Step {
        case predict(PredictionObservation)
        case tell(Feedback, at: Timestamp)
    }

    private static func history(seed: UInt64) throws -> [Step] {
        var random = SplitMix64(seed: seed)
        return try (0..<50).map { index in
            let at = Timestamp(milliseconds: start + Int64(index) * 1000)
            guard index % 2 == 1 else {
                let scores = try Tensor([0.25, 0.75] as [Float], shape: [1, 2])
                return .predict(
                    PredictionObservation(
                        requestID: "r\(index)", endpoint: "fraud", version: VersionID(model: "fraud", number: 1),
                        route: .primary, at: at, inputs: [:], outputs: ["p": scores], parameters: [:], rows: 1,
                        total: .zero))
            }
            let label = FeedbackValue.number(Double(random.below(2)))
            return .tell(Feedback(requestID: "r\(random.below(index + 1) / 2 * 2)", label: label), at: at)
        }
    }

    /// The ids whose label was acknowledged as joined.
    private static func run(_ step: Step, on join: LabelJoin) -> [String] {
        switch step {
        case .predict(let prediction):
            PredictionBatch([prediction]).withPredictions { join.expect($0) }
            return []
        case .tell(let feedback, let at):
            return join.join([feedback], at: at) == [.joined] ? [feedback.requestID] : []
        }
    }

    /// Writes of the call after `count` end after some bytes, and no later one writes anything: a process that died.
    private static func dying(after count: Int, cut: Int) -> FileWriter {
        let calls = Counter()
        return FileWriter { descriptor, bytes in
            let call = calls.next()
            if call < count {
                let written = Glibc.write(descriptor, bytes.baseAddress, bytes.count)
                return written > 0 ? .wrote(written) : .failed(EIO)
            }
            if call == count { _ = Glibc.write(descriptor, bytes.baseAddress, min(cut, bytes.count)) }
            return .failed(EIO)
        }
    }
}

extension FileLabelJournal {
    fileprivate func append(_ records: [JournalRecord]) throws { try append(JournalDraft(records)) }
}

private final class Counter: Sendable {
    private let value = Mutex(0)

    func next() -> Int {
        value.withLock { value in
            defer { value += 1 }
            return value
        }
    }
}
