extension Rule {
  /// Every rule, by id.
  package static let all: [Rule] = [
    notADefinition, schema, machineProperties, noPSeries, oldCPU, compatibilityMode, switchedOff,
    switchedOn, saidTwice, misspeltCapability, optionAndValueJoined, missingValue, globalProperty,
    valueWithoutOption, foreignCommandLine, commandLineWithoutNamespace, commandLineOutOfPlace,
    nestedHVOutOfPlace, nestedHVState, noBoolean, machineOverridden, bothAPIs, hashPageTable,
    radixDisabled, wrapperWithoutKata, dependsOnWrapper, customArguments, kataWithoutNesting,
    threadsUnderTCG, cpuNameUnderTCG, hostCPUUnderTCG, oldDefaultCPU, noCPU, pcFeatures,
    vendorMachine, architectureName, noArchitecture, littleMemory, oddMemory, interfaceModel,
    scsiController, usbController, spice, oldKernel, unsupported, oldKernelForPAPR, endOfLife,
    liveDefinition, noUUID, unreadableUUID, saidAgain, refusedName, refusedAddress, sameUUID,
    sameName, sameAddress, spelledTwoWays,
  ]

  /// Whether it is about nesting itself, and not about the guest around it.
  var isAboutNesting: Bool {
    (Rule.machineProperties.id...Rule.dependsOnWrapper.id).contains(id)
      || id == Rule.spelledTwoWays.id
  }

  /// The rule with an id.
  package static subscript(id: RuleID) -> Rule {
    id.number > 100 ? lint[id.number - 101] : all[id.number - 1]
  }
}
