// SPDX-License-Identifier: Apache-2.0

extension SklearnRegistry {
    /// Support vectors, Bayes, neighbours, ensembles, networks, clusters, features and text.
    static let rest: [any SklearnEstimator.Type] = [
        SupportVectorClassifiers.self, SupportVectorRegressors.self, OneClassSupportVectors.self,
        LinearSupportVectorClassifiers.self, LinearSupportVectorRegressors.self,
        GaussianBayes.self, CountBayes.self, NeighborClassifiers.self, NeighborRegressors.self, Perceptrons.self,
        CalibratedClassifiers.self, IsotonicRegressors.self,
        BoostedClassifiers.self, BoostedRegressors.self, Bagging.self, Voting.self, Stacking.self,
        IsolationForests.self, Normalizers.self, Binarizers.self, TextVectorizers.self, TermWeights.self,
        HashingVectorizers.self, LinearDiscriminants.self, QuadraticDiscriminants.self, CentroidClusters.self,
        GaussianMixtures.self, OneVsRest.self, OneVsOne.self, MultiOutputs.self, Discretizers.self,
        PolynomialTerms.self, PowerTransforms.self, QuantileTransforms.self, TruncatedDecompositions.self,
        FeatureSelection.self,
    ]
}
