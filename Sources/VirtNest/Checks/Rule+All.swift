extension Rule {
  /// Every rule, by id.
  public static let all: [Rule] = [
    notADefinition, schema, machineProperties, noPSeries, oldCPU, compatibilityMode, switchedOff,
    switchedOn, saidTwice, misspeltCapability, optionAndValueJoined, missingValue,
  ]

  /// The rule with an id.
  static subscript(id: RuleID) -> Rule { all[id.number - 1] }
}
