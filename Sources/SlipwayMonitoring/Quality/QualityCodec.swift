// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayNumerics

/// An endpoint's quality as bytes: what replicas tell each other of labels, business numbers and scores.
///
/// A mark and a version, the length of a part of the window, then each part with its number and length, so that parts
/// that did not change are not written anew; a checksum ends it. Reading checks everything, and hostile bytes cost no
/// more memory than honest ones.
enum QualityCodec {
    /// `SQ` and the format's number.
    private static let mark: [UInt8] = [0x53, 0x51, 1]
    static let maximumBytes = 64 << 20
    private static let maximumTextBytes = 1 << 16
    /// Counts above are none that rows could have made.
    private static let maximumCount = UInt64(1) << 50

    static func encode(_ shape: WindowShape, parts: [(index: Int64, data: [UInt8])]) -> [UInt8] {
        var writer = ByteWriter(mark: mark)
        writer.count(UInt64(clamping: shape.bucketMilliseconds))
        writer.count(UInt64(parts.count))
        for part in parts {
            writer.word(UInt64(bitPattern: part.index))
            writer.piece(part.data)
        }
        return writer.sealed
    }

    /// The parts that ended after an instant, added up; `nil` for bytes that are damaged.
    static func decode(_ bytes: [UInt8], endedAfter instant: Timestamp) -> (QualityWindow, EstimateWindow)? {
        guard var reader = ByteReader(sealed: bytes, mark: mark, maximumBytes: maximumBytes),
            let length = count(&reader, atMost: UInt64(JournalCodec.maximumTime)), length > 0,
            let parts = count(&reader, atMost: UInt64(StoredWindow.maximumParts))
        else { return nil }
        var result = (QualityWindow(), EstimateWindow())
        for _ in 0..<parts {
            guard let index = reader.word().map(Int64.init(bitPattern:)),
                let data = reader.piece(maximumBytes: maximumBytes)
            else { return nil }
            let (end, overflow) = (index &+ 1).multipliedReportingOverflow(by: Int64(length))
            guard !overflow, end > instant.milliseconds else { continue }
            guard let (quality, estimates) = part(data) else { return nil }
            result.0.merge(quality)
            result.1.merge(estimates)
        }
        return reader.isAtEnd ? result : nil
    }

    // MARK: Parts

    static func encode(part quality: QualityWindow, _ estimates: EstimateWindow) -> [UInt8] {
        var writer = ByteWriter()
        writer.count(UInt64(quality.versions.count))
        for (version, quality) in quality.versions.sorted(by: { $0.key < $1.key }) {
            write(version, to: &writer)
            write(quality, to: &writer)
        }
        let known = estimates.versions.compactMap { version, tally in tally.sums.map { (version, tally, $0) } }
        writer.count(UInt64(known.count))
        for (version, tally, sums) in known.sorted(by: { $0.0 < $1.0 }) {
            write(version, to: &writer)
            writer.count(tally.isCalibrated ? 1 : 0)
            writer.count(UInt64(sums.classes))
            writer.count(UInt64(clamping: sums.count))
            writer.run(sums.sums.lazy.map(\.bitPattern))
        }
        return writer.bytes
    }

    private static func part(_ data: ArraySlice<UInt8>) -> (QualityWindow, EstimateWindow)? {
        var reader = ByteReader(data)
        var result = (QualityWindow(), EstimateWindow())
        guard let versions = count(&reader, atMost: UInt64(QualityWindow.maximumVersions)) else { return nil }
        for _ in 0..<versions {
            guard let version = version(&reader), let quality = quality(&reader) else { return nil }
            result.0.versions[version] = quality
        }
        guard let estimates = count(&reader, atMost: UInt64(EstimateWindow.maximumVersions)) else { return nil }
        for _ in 0..<estimates {
            guard let version = version(&reader), let tally = estimate(&reader) else { return nil }
            result.1.update(version) { $0 = tally }
        }
        return reader.isAtEnd ? result : nil
    }

    private static func estimate(_ reader: inout ByteReader) -> EstimateTally? {
        guard let isCalibrated = reader.count(), let classes = count(&reader, atMost: 1000),
            let rows = count(&reader, atMost: maximumCount)
        else { return nil }
        var sums = [Double](repeating: 0, count: ConfidenceEstimate(classes: classes).sums.count)
        guard reader.run(length: sums.count, limit: .max, { sums[$0] = Double(bitPattern: $1) }) else { return nil }
        return ConfidenceEstimate(classes: classes, count: rows, sums: sums)
            .map { EstimateTally(isCalibrated: isCalibrated == 1, sums: $0) }
    }

    private static func write(_ quality: VersionQuality, to writer: inout ByteWriter) {
        writer.count(UInt64(clamping: quality.labelled))
        writer.count(UInt64(clamping: quality.unlabelled))
        write(quality.all, to: &writer)
        writer.count(UInt64(quality.segments.count))
        for (name, tally) in quality.segments.sorted(by: { $0.key < $1.key }) {
            writer.text(name)
            write(tally, to: &writer)
        }
        writer.count(UInt64(quality.kpis.count))
        for (name, sums) in quality.kpis.sorted(by: { $0.key < $1.key }) {
            writer.text(name)
            write(sums, to: &writer)
        }
    }

    private static func quality(_ reader: inout ByteReader) -> VersionQuality? {
        var quality = VersionQuality()
        guard let labelled = count(&reader, atMost: maximumCount),
            let unlabelled = count(&reader, atMost: maximumCount),
            let all = tally(&reader),
            // One more is for those that are told apart no longer.
            let segments = count(&reader, atMost: UInt64(VersionQuality.maximumSegments + 1))
        else { return nil }
        (quality.labelled, quality.unlabelled, quality.all) = (labelled, unlabelled, all)
        for _ in 0..<segments {
            guard let name = reader.text(maximumBytes: maximumTextBytes), let tally = tally(&reader) else { return nil }
            quality.segments[name] = tally
        }
        guard let kpis = count(&reader, atMost: UInt64(VersionQuality.maximumKPIs)) else { return nil }
        for _ in 0..<kpis {
            guard let name = reader.text(maximumBytes: maximumTextBytes), let sums = welford(&reader) else {
                return nil
            }
            quality.kpis[name] = sums
        }
        return quality
    }

    // MARK: Tallies

    private static func write(_ tally: QualityTally, to writer: inout ByteWriter) {
        writer.count(UInt64(clamping: tally.rows))
        writer.count(UInt64(tally.classes.count))
        for name in tally.classes { writer.text(name) }
        writer.count(UInt64(tally.cells.count))
        for (cell, count) in tally.cells.sorted(by: { $0.key < $1.key }) {
            writer.count(UInt64(clamping: cell))
            writer.count(UInt64(clamping: count))
        }
        writer.count(UInt64(tally.scores.count))
        for (name, bins) in tally.scores.sorted(by: { $0.key < $1.key }) {
            writer.text(name)
            write(bins, to: &writer)
        }
        writer.count(tally.positive == nil ? 0 : 1)
        if let positive = tally.positive { writer.text(positive) }
        write(tally.calibration, to: &writer)
        write(tally.regression.truths, to: &writer)
        for sum in tally.regression.errors { write(sum, to: &writer) }
        for sums in [tally.brier, tally.logLoss, tally.absolute, tally.squared, tally.relative] {
            write(sums, to: &writer)
        }
    }

    private static func tally(_ reader: inout ByteReader) -> QualityTally? {
        var tally = QualityTally()
        guard let rows = count(&reader, atMost: maximumCount),
            let classes = count(&reader, atMost: UInt64(QualityTally.maximumClasses))
        else { return nil }
        tally.rows = rows
        for _ in 0..<classes {
            guard let name = reader.text(maximumBytes: maximumTextBytes) else { return nil }
            tally.classes.append(name)
        }
        guard readCells(&reader, into: &tally),
            let scored = count(&reader, atMost: UInt64(QualityTally.maximumScored))
        else { return nil }
        for _ in 0..<scored {
            guard let name = reader.text(maximumBytes: maximumTextBytes), let bins = bins(&reader) else { return nil }
            tally.scores[name] = bins
        }
        guard let hasPositive = reader.count() else { return nil }
        if hasPositive == 1 {
            guard let positive = reader.text(maximumBytes: maximumTextBytes) else { return nil }
            tally.positive = positive
        }
        guard let calibration = calibration(&reader), let truths = welford(&reader) else { return nil }
        tally.calibration = calibration
        let errors = (0..<4).compactMap { _ in reader.number() }
        guard let regression = RegressionSums(truths: truths, errors: errors) else { return nil }
        tally.regression = regression
        let sums = (0..<5).compactMap { _ in welford(&reader) }
        guard sums.count == 5 else { return nil }
        (tally.brier, tally.logLoss) = (sums[0], sums[1])
        (tally.absolute, tally.squared, tally.relative) = (sums[2], sums[3], sums[4])
        return tally
    }

    private static func readCells(_ reader: inout ByteReader, into tally: inout QualityTally) -> Bool {
        let side = tally.classes.count
        guard let cells = count(&reader, atMost: UInt64(side * side)) else { return false }
        for _ in 0..<cells {
            guard let cell = count(&reader, atMost: maximumCount), let rows = count(&reader, atMost: maximumCount),
                cell / QualityTally.maximumClasses < side, cell % QualityTally.maximumClasses < side
            else { return false }
            tally.cells[cell] = rows
        }
        return true
    }

    // MARK: Sums

    private static func write(_ bins: ScoreBins, to writer: inout ByteWriter) {
        writer.run(bins.negatives)
        writer.run(bins.positives)
        write(bins.calibration, to: &writer)
        write(bins.losses.squared, to: &writer)
        write(bins.losses.logarithmic, to: &writer)
    }

    private static func bins(_ reader: inout ByteReader) -> ScoreBins? {
        var (negatives, positives) = (ScoreBins().negatives, ScoreBins().positives)
        guard reader.run(length: negatives.count, limit: maximumCount, { negatives[$0] = $1 }),
            reader.run(length: positives.count, limit: maximumCount, { positives[$0] = $1 }),
            let calibration = calibration(&reader), let squared = reader.number(), let logarithmic = reader.number()
        else { return nil }
        return ScoreBins(
            negatives: negatives, positives: positives, calibration: calibration,
            losses: ScoreBins.Losses(squared: squared, logarithmic: logarithmic))
    }

    private static func write(_ table: CalibrationTable, to writer: inout ByteWriter) {
        for column in [table.counts, table.positives, table.scores] {
            writer.run(column.lazy.map(\.bitPattern))
        }
    }

    private static func calibration(_ reader: inout ByteReader) -> CalibrationTable? {
        let bins = QualityTally().calibration.counts.count
        var columns: [[Double]] = []
        for _ in 0..<3 {
            var column = [Double](repeating: 0, count: bins)
            guard reader.run(length: bins, limit: .max, { column[$0] = Double(bitPattern: $1) }) else { return nil }
            columns.append(column)
        }
        return CalibrationTable(counts: columns[0], scores: columns[2], positives: columns[1])
    }

    private static func write(_ sums: Welford, to writer: inout ByteWriter) {
        writer.count(UInt64(clamping: sums.count))
        write(sums.mean, to: &writer)
        write(sums.squares, to: &writer)
    }

    private static func welford(_ reader: inout ByteReader) -> Welford? {
        guard let count = count(&reader, atMost: maximumCount), let mean = reader.number(),
            let squares = reader.number()
        else { return nil }
        return Welford(count: count, mean: mean, squares: squares)
    }

    /// Sums that left the range of a `Double` are infinite: no metric is told of them, here or elsewhere.
    private static func write(_ sum: Double, to writer: inout ByteWriter) {
        writer.number(sum.isNaN ? .infinity : sum)
    }

    private static func write(_ version: VersionID, to writer: inout ByteWriter) {
        writer.text(version.model)
        writer.count(UInt64(clamping: version.number))
    }

    private static func version(_ reader: inout ByteReader) -> VersionID? {
        guard let model = reader.text(maximumBytes: maximumTextBytes), let number = count(&reader, atMost: 1 << 50)
        else { return nil }
        return VersionID(model: model, number: number)
    }

    private static func count(_ reader: inout ByteReader, atMost limit: UInt64) -> Int? {
        guard let value = reader.count(), value <= limit else { return nil }
        return Int(value)
    }
}
