// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore

/// Answers of the trace and logging routes: all settings, in the order given.
package enum V2Settings {
    /// Every value is a string, or a list of strings for `trace_level`.
    package static func encodeTrace(_ settings: [(name: String, values: [String])]) -> [UInt8] {
        var json = JSONWriter()
        json.object {
            for setting in settings {
                if setting.name == "trace_level" || setting.values.count != 1 {
                    $0.member(setting.name, setting.values)
                } else {
                    $0.member(setting.name, setting.values[0])
                }
            }
        }
        return json.bytes
    }

    package static func encodeLogging(_ settings: [(name: String, value: ParameterValue)]) -> [UInt8] {
        var json = JSONWriter()
        json.object {
            for setting in settings {
                $0.key(setting.name)
                switch setting.value {
                case .bool(let flag): $0.value(flag)
                case .int(let number): $0.value(number)
                case .double(let number): $0.value(number)
                case .string(let text): $0.value(text)
                }
            }
        }
        return json.bytes
    }
}
