// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayFormats
import SlipwayRegistry

/// What the writing thread holds: segments that are open, and whether the disk works. Its calls block.
struct CaptureSession {
    private struct Key: Hashable {
        let endpoint: String
        let shape: CaptureShape
        let redaction: CaptureRedaction
    }

    private struct Open {
        let draft: CaptureDraft
        var table: CaptureTable
        let startedAt: Timestamp
        /// When the requests in the table came.
        var span: ClosedRange<Timestamp>
        /// In the file or in the table.
        var requests = 0
    }

    private let store: CaptureStore
    private let limits: CaptureLimits
    /// Tells the segments of one process from those of another that started at the same time.
    private let stem: String
    private var number = 0
    private var open: [Key: Open] = [:]
    private var prunedAt: Timestamp?
    private(set) var gate = CaptureGate()

    init(store: CaptureStore, limits: CaptureLimits) {
        self.store = store
        self.limits = limits
        var generator = SystemRandomNumberGenerator()
        stem = Self.padded(String(generator.next() as UInt32, radix: 16), to: 8)
    }

    private static func padded(_ digits: String, to count: Int) -> String {
        String(repeating: "0", count: max(0, count - digits.count)) + digits
    }

    mutating func write(
        _ predictions: [PredictionObservation], _ specs: [String: CaptureSpec], at now: Timestamp
    ) -> CaptureTally {
        var tally = CaptureTally()
        for prediction in predictions {
            guard !gate.isClosed else {
                tally.drop(1, of: prediction.endpoint, .stopped)
                continue
            }
            // Taken out of the specs meanwhile: nobody wants it kept any more.
            guard let spec = specs[prediction.endpoint] else {
                tally.drop(1, of: prediction.endpoint, .stopped)
                continue
            }
            add(prediction, spec, at: now, &tally)
        }
        return tally
    }

    private mutating func add(
        _ prediction: PredictionObservation, _ spec: CaptureSpec, at now: Timestamp, _ tally: inout CaptureTally
    ) {
        let redaction = CaptureRedaction(spec.redacted)
        let key = Key(endpoint: prediction.endpoint, shape: CaptureShape(prediction, redaction), redaction: redaction)
        do {
            if open[key] == nil {
                if open.count >= limits.openSegments,
                    let oldest = open.min(by: { $0.value.startedAt < $1.value.startedAt })
                {
                    seal(oldest.key, at: now, &tally)
                }
                open[key] = try begin(key, spec, prediction.at, at: now)
            }
        } catch {
            tally.drop(1, of: key.endpoint, .diskFailed)
            gate.failed(Self.reason(error), at: now)
            return
        }
        do {
            try open[key]?.table.append(prediction)
            open[key]?.requests += 1
            if let span = open[key]?.span {
                open[key]?.span = min(span.lowerBound, prediction.at)...max(span.upperBound, prediction.at)
            }
        } catch {
            // The columns no longer fit each other, so the whole table goes.
            let lost = (open[key]?.table.requests ?? 0) + 1
            open[key]?.requests -= lost - 1
            open[key]?.table.removeAll()
            tally.drop(lost, of: key.endpoint, .unreadable)
            return
        }
        guard let table = open[key]?.table, table.byteCount >= limits.batchBytes else { return }
        writeBatch(key, at: now, &tally)
        let most = min(limits.segmentBytes, max(1 << 16, (spec.maximumBytes ?? limits.endpointBytes) / 8))
        if let draft = open[key]?.draft, draft.byteCount >= most {
            seal(key, at: now, &tally)
            prune(key.endpoint, spec, at: now)
        }
    }

    private mutating func begin(
        _ key: Key, _ spec: CaptureSpec, _ first: Timestamp, at now: Timestamp
    ) throws -> Open {
        let folder = try store.folder(of: key.endpoint)
        try PosixFolder.make(folder.path)
        let compression = Self.compression(spec)
        number += 1
        let stem =
            Self.padded(String(max(0, now.milliseconds)), to: 13) + "-" + self.stem
            + Self.padded(String(number, radix: 16), to: 4)
        let metadata = [
            (key: "slipway.endpoint", value: key.endpoint), (key: "slipway.format", value: "1"),
            (key: CaptureCopy.compressionKey, value: compression?.rawValue ?? "none"),
            (key: "slipway.redacted", value: key.redaction.names.joined(separator: "\n")),
        ]
        let draft = try CaptureDraft(
            folder: folder.path, stem: stem,
            writer: ArrowWriter(key.shape.fields, compression: compression, metadata: metadata),
            using: store.fileWriter)
        return Open(draft: draft, table: CaptureTable(key.shape, key.redaction), startedAt: now, span: first...first)
    }

    /// As the spec says, where its library is found; LZ4 where it says nothing.
    private static func compression(_ spec: CaptureSpec) -> BlockCompression? {
        guard let name = spec.compression else { return BlockCompression.lz4.isAvailable ? .lz4 : nil }
        return BlockCompression(rawValue: name).flatMap { $0.isAvailable ? $0 : nil }
    }

    private mutating func writeBatch(_ key: Key, at now: Timestamp, _ tally: inout CaptureTally) {
        guard let one = open[key] else { return }
        do {
            try one.draft.add(one.table.columns, of: one.span)
            open[key]?.table.removeAll()
        } catch {
            lose(key, error, at: now, &tally)
        }
    }

    /// Writes what is left of a segment and gives it its name; its requests are kept from then on.
    private mutating func seal(_ key: Key, at now: Timestamp, _ tally: inout CaptureTally) {
        writeBatch(key, at: now, &tally)
        guard let one = open[key] else { return }
        do {
            if one.requests == 0 {
                one.draft.abandon()
            } else {
                try one.draft.finish()
            }
            open[key] = nil
            tally.keep(one.requests, of: key.endpoint)
            gate.succeeded()
        } catch {
            lose(key, error, at: now, &tally)
        }
    }

    private mutating func lose(_ key: Key, _ error: any Error, at now: Timestamp, _ tally: inout CaptureTally) {
        guard let one = open.removeValue(forKey: key) else { return }
        one.draft.abandon()
        tally.drop(one.requests, of: key.endpoint, .diskFailed)
        gate.failed(Self.reason(error), at: now)
    }

    private static func reason(_ error: any Error) -> String {
        (error as? RegistryError)?.message ?? (error as? FormatError)?.message ?? "the capture log cannot be written"
    }

    // MARK: - From time to time

    /// Seals segments that are open for long, and once a minute removes what is too old or too much.
    mutating func tick(_ specs: [String: CaptureSpec], at now: Timestamp) -> CaptureTally {
        var tally = CaptureTally()
        gate.look(at: now)
        for (key, one) in open {
            let age = now.milliseconds - one.startedAt.milliseconds
            // Below 0 the clock stepped back, and the age is not known.
            if age < 0 || Double(age) >= limits.segmentSeconds * 1000 { seal(key, at: now, &tally) }
        }
        if let last = prunedAt, last <= now, now.milliseconds - last.milliseconds < 60_000 { return tally }
        prunedAt = now
        // Of endpoints that are captured no longer too: their rows grow older all the same.
        for endpoint in (try? store.endpointsNow()) ?? [] { prune(endpoint, specs[endpoint], at: now) }
        return tally
    }

    /// Seals all, of one endpoint or of every one.
    mutating func sealAll(of endpoint: String? = nil, at now: Timestamp) -> CaptureTally {
        var tally = CaptureTally()
        for key in open.keys where endpoint == nil || key.endpoint == endpoint { seal(key, at: now, &tally) }
        return tally
    }

    private func prune(_ endpoint: String, _ spec: CaptureSpec?, at now: Timestamp) {
        let seconds = spec?.maximumAgeSeconds ?? limits.endpointSeconds
        let age = Int64(min(max(seconds, 0), 1e12) * 1000)
        // What cannot be removed now is tried again in a minute.
        _ = try? store.folder(of: endpoint).prune(
            maximumBytes: spec?.maximumBytes ?? limits.endpointBytes,
            before: Timestamp(milliseconds: now.milliseconds - age))
    }
}
