// SPDX-License-Identifier: Apache-2.0

import SlipwayFormats

/// What the report says of a whole model: where it answers and scikit-learn does not, and what is decided otherwise.
enum SklearnNotes {
    /// The newest release whose files are tested.
    private static let tested = SklearnVersion(1, 9)

    /// Estimators, and those around estimators, that look at no value before they pass it on, or that take NaN.
    private static let takesMissing: Set<String> = [
        "BaggingClassifier", "BaggingRegressor", "Booster", "CalibratedClassifierCV", "ColumnTransformer",
        "CountVectorizer", "DummyClassifier", "DummyRegressor", "FeatureUnion", "FunctionTransformer", "GridSearchCV",
        "HalvingGridSearchCV", "HalvingRandomSearchCV", "HistGradientBoostingClassifier",
        "HistGradientBoostingRegressor", "LGBMClassifier", "LGBMModel", "LGBMRanker", "LGBMRegressor", "LabelEncoder",
        "MaxAbsScaler", "MinMaxScaler", "MissingIndicator", "MultiOutputClassifier", "MultiOutputRegressor",
        "OneHotEncoder", "OneVsOneClassifier", "OneVsRestClassifier", "OrdinalEncoder", "Pipeline", "PowerTransformer",
        "QuantileTransformer", "RandomizedSearchCV", "RobustScaler", "SimpleImputer", "StackingClassifier",
        "StackingRegressor", "StandardScaler", "TfidfTransformer", "TfidfVectorizer", "VarianceThreshold",
        "VotingClassifier", "VotingRegressor", "XGBClassifier", "XGBModel", "XGBRFClassifier", "XGBRFRegressor",
        "XGBRanker", "XGBRegressor",
    ]

    /// Trees that take NaN since a release.
    private static let takesMissingSince: [String: SklearnVersion] = [
        "DecisionTreeClassifier": SklearnVersion(1, 3), "DecisionTreeRegressor": SklearnVersion(1, 3),
        "RandomForestClassifier": SklearnVersion(1, 4), "RandomForestRegressor": SklearnVersion(1, 4),
        "ExtraTreeClassifier": SklearnVersion(1, 6), "ExtraTreeRegressor": SklearnVersion(1, 6),
        "ExtraTreesClassifier": SklearnVersion(1, 6), "ExtraTreesRegressor": SklearnVersion(1, 6),
    ]

    static func add(for estimator: SklearnContext, to report: inout ConversionReport) {
        let kinds = Set(report.steps.map(\.kind))
        let version = estimator.version
        if version.description.isEmpty {
            if estimator.type.module.hasPrefix("sklearn") {
                report.notes.append("the file does not tell which scikit-learn saved it; it is read as an old one")
            }
        } else if version > tested {
            report.notes.append(
                "scikit-learn \(version.description) is newer than \(tested.description), the last one that is tested: "
                    + "compare some answers")
        }
        let refusing = kinds.filter { kind in
            !takesMissing.contains(kind) && !(takesMissingSince[kind].map { version >= $0 } ?? false)
        }
        if !refusing.isEmpty {
            let names = refusing.sorted().joined(separator: ", ")
            report.notes.append(
                "scikit-learn refuses rows with NaN or infinite numbers before \(names); this model answers them, and "
                    + "such an answer means nothing")
        }
        if !kinds.isDisjoint(with: ["KNeighborsClassifier", "KNeighborsRegressor"]) {
            report.notes.append(
                "of training rows at the same distance the first one counts; scikit-learn leaves their order open")
        }
        if !kinds.isDisjoint(with: ["RandomForestClassifier", "ExtraTreesClassifier"]) {
            report.notes.append(
                "shares of classes leave the trees as float32: where two classes differ by less than 1e-7, the "
                    + "other one may be the label")
        }
    }
}
