// SPDX-License-Identifier: Apache-2.0

/// A wall-clock instant as records keep it: milliseconds since 1970-01-01T00:00:00Z.
public struct Timestamp: Sendable, Hashable, Comparable, Codable, CustomStringConvertible {
    public let milliseconds: Int64

    public init(milliseconds: Int64) { self.milliseconds = milliseconds }

    public static func < (left: Timestamp, right: Timestamp) -> Bool { left.milliseconds < right.milliseconds }

    /// ISO 8601 in UTC: `2026-11-21T12:00:00.250Z`; proleptic Gregorian calendar.
    public var description: String {
        let days = milliseconds.floorDivided(by: 86_400_000)
        // Not by subtraction: the product would leave the range of an Int64 near its ends.
        let rest = (milliseconds % 86_400_000 + 86_400_000) % 86_400_000
        let date = CivilDate(daysSinceEpoch: days)
        let time = [rest / 3_600_000, rest / 60_000 % 60, rest / 1000 % 60].map { $0.padded(2) }
        return "\(date.year.padded(4))-\(date.month.padded(2))-\(date.day.padded(2))T"
            + time.joined(separator: ":") + "." + (rest % 1000).padded(3) + "Z"
    }

    /// Reads ISO 8601 in UTC, `2026-11-21`, `2026-11-21T12:00:00Z` or with a fraction; `nil` for anything else.
    ///
    /// Years from 1970 to 9999; digits of the fraction beyond the third are dropped.
    public init?(iso8601 text: String) {
        let parts = text.split(separator: "T", omittingEmptySubsequences: false)
        guard parts.count <= 2, let days = Self.days(parts[0]) else { return nil }
        guard parts.count == 2 else {
            milliseconds = days * 86_400_000
            return
        }
        guard let time = Self.millisecondsOfDay(parts[1]) else { return nil }
        milliseconds = days * 86_400_000 + time
    }

    /// Days since the epoch of `2026-11-21`; `nil` when there is no such day.
    private static func days(_ text: Substring) -> Int64? {
        let date = text.split(separator: "-", omittingEmptySubsequences: false)
        guard date.count == 3, let year = Int64(digits: date[0], count: 4),
            let month = Int64(digits: date[1], count: 2),
            let day = Int64(digits: date[2], count: 2), year >= 1970, (1...12).contains(month), day >= 1
        else { return nil }
        let days = CivilDate(year: year, month: month, day: day).daysSinceEpoch
        // The 31st of a shorter month would be a day of the next one.
        guard CivilDate(daysSinceEpoch: days).day == day else { return nil }
        return days
    }

    /// Milliseconds in `12:00:00Z` or `12:00:00.25Z`.
    private static func millisecondsOfDay(_ text: Substring) -> Int64? {
        guard text.last == "Z" else { return nil }
        let clock = text.dropLast().split(separator: ":", omittingEmptySubsequences: false)
        guard clock.count == 3, let hour = Int64(digits: clock[0], count: 2), hour < 24,
            let minute = Int64(digits: clock[1], count: 2), minute < 60
        else { return nil }
        let second = clock[2].split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        guard let whole = Int64(digits: second[0], count: 2), whole < 60 else { return nil }
        var fraction: Int64 = 0
        if second.count == 2 {
            guard !second[1].isEmpty, second[1].utf8.allSatisfy({ (0x30...0x39).contains($0) }),
                let thousandths = Int64(digits: (second[1] + "00").prefix(3), count: 3)
            else { return nil }
            fraction = thousandths
        }
        return ((hour * 60 + minute) * 60 + whole) * 1000 + fraction
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let value = Timestamp(iso8601: try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not an ISO 8601 instant in UTC")
        }
        self = value
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

/// A day of the proleptic Gregorian calendar, counted in eras of 400 years that start on 1 March.
private struct CivilDate {
    let year: Int64
    let month: Int64
    let day: Int64

    init(year: Int64, month: Int64, day: Int64) {
        self.year = year
        self.month = month
        self.day = day
    }

    init(daysSinceEpoch: Int64) {
        // 719,468 days lie between 0000-03-01 and 1970-01-01; an era has 146,097.
        let shifted = daysSinceEpoch + 719_468
        let era = shifted.floorDivided(by: 146_097)
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let marchMonth = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * marchMonth + 2) / 5 + 1
        month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    }

    var daysSinceEpoch: Int64 {
        let marchYear = month <= 2 ? year - 1 : year
        let era = marchYear.floorDivided(by: 400)
        let yearOfEra = marchYear - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }
}

extension Int64 {
    /// The number that exactly `count` ASCII digits write; `nil` for anything else, signs included.
    fileprivate init?(digits text: Substring, count: Int) {
        guard text.utf8.count == count, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        self.init(text)
    }

    fileprivate func floorDivided(by divisor: Int64) -> Int64 {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? quotient - 1 : quotient
    }

    fileprivate func padded(_ width: Int) -> String {
        let digits = String(self)
        return String(repeating: "0", count: Swift.max(0, width - digits.count)) + digits
    }
}
