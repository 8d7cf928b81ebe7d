// SPDX-License-Identifier: Apache-2.0

package import SlipwayEngine
package import SlipwayWire

extension SamplingOptions {
    /// What a caller asked for, as engines have it.
    package init(_ sampling: OpenAISampling) {
        self.init()
        seed = sampling.seed
        temperature = sampling.temperature
        dynamicTemperatureRange = sampling.dynamicTemperatureRange
        dynamicTemperatureExponent = sampling.dynamicTemperatureExponent
        topK = sampling.topK
        topP = sampling.topP
        minP = sampling.minP
        typicalP = sampling.typicalP
        topNSigma = sampling.topNSigma
        xtcProbability = sampling.xtcProbability
        xtcThreshold = sampling.xtcThreshold
        penaltyLastN = sampling.penaltyLastN
        repeatPenalty = sampling.repeatPenalty
        frequencyPenalty = sampling.frequencyPenalty
        presencePenalty = sampling.presencePenalty
        dryMultiplier = sampling.dryMultiplier
        dryBase = sampling.dryBase
        dryAllowedLength = sampling.dryAllowedLength
        dryPenaltyLastN = sampling.dryPenaltyLastN
        mirostat = sampling.mirostat
        mirostatTau = sampling.mirostatTau
        mirostatEta = sampling.mirostatEta
        adaptiveTarget = sampling.adaptiveTarget
        adaptiveDecay = sampling.adaptiveDecay
        minKeep = sampling.minKeep
        ignoresEnd = sampling.ignoresEnd
        biases = sampling.biases
    }
}
