internal import LosslessXML

extension Rule {
  static let scsiController = Rule(
    41, .note, "A SCSI controller without a model",
    reason: """
      libvirt takes ibmvscsi, also for a disk with bus='scsi' that has no controller. virtio-scsi is \
      faster and takes more disks.
      """,
    source: "libvirt, src/qemu/qemu_domain.c, qemuDomainSetSCSIControllerModel; \(measured)",
    versions: "all"
  ) { subject in
    guard subject.isPSeries else { return [] }
    let controllers = subject.devices("controller").filter { $0["type"] == "scsi" }
    let bare = controllers.filter { element in
      // On the virtual I/O bus ibmvscsi is what is meant.
      element["model"] ?? "auto" == "auto" && element.child("address")?["type"] != "spapr-vio"
    }
    let disk = subject.devices("disk").first { $0.child("target")?["bus"] == "scsi" }
    let implied = controllers.isEmpty ? disk.map { [$0] } ?? [] : []
    return (bare + implied).map { element in
      Hit(
        element,
        element.localName == "disk"
          ? "the disk has no controller, and libvirt adds one of model ibmvscsi"
          : "the controller has no model, and libvirt takes ibmvscsi",
        do: "Write <controller type='scsi' index='\(element["index"] ?? "0")' "
          + "model='virtio-scsi'/>.")
    }
  }
}
