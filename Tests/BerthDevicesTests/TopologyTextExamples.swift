/// What `nvidia-smi topo -m` prints on machines of known kinds, in short: one blank between cells, bars between the
/// titles of the affinities. `printed` gives them the shapes that they have in terminals and reports.
struct TopologyExample: Sendable {
  let name: String
  let model: String
  let table: String
  let legend: String

  init(_ name: String, _ model: String, nics: Int = 0, _ table: String) {
    self.name = name
    self.model = model
    self.table = table
    let names = (0..<nics).map { "  NIC\($0): mlx5_\($0)\n" }.joined()
    legend = Self.legend + (nics > 0 ? "\nNIC Legend:\n\n\(names)" : "")
  }

  private static let legend = """

    Legend:

      X    = Self
      SYS  = Connection traversing PCIe as well as the SMP interconnect between NUMA nodes (e.g., QPI/UPI)
      NODE = Connection traversing PCIe as well as the interconnect between PCIe Host Bridges within a NUMA node
      PHB  = Connection traversing PCIe as well as a PCIe Host Bridge (typically the CPU)
      PXB  = Connection traversing multiple PCIe bridges (without traversing the PCIe Host Bridge)
      PIX  = Connection traversing at most a single PCIe bridge
      NV#  = Connection traversing a bonded set of # NVLinks

    """

  enum Shape: CaseIterable { case tabs, underlined, columns, returns, prompt, bare }

  func printed(_ shape: Shape) -> String {
    let lines = table.split(separator: "\n").map(String.init)
    let header = lines[0].split(separator: "|").map { $0.trimming(" ") }
    let titles = header[0].split(separator: " ").map(String.init) + header.dropFirst()
    let rows = lines.dropFirst().map { $0.split(separator: " ").map { $0 == "X" ? " X " : String($0) } }
    let tabbed = rows.map { $0.joined(separator: "\t") + "\n" }.joined()
    switch shape {
    case .tabs:
      return "\t\(titles.joined(separator: "\t"))\n\(tabbed)\(legend)"
    case .underlined:
      return "\t\u{1B}[4m\(titles.joined(separator: "\t"))\u{1B}[0m\n\(tabbed)\(legend)"
    case .columns:
      func padded(_ cells: [String]) -> String {
        cells.map { $0 + String(repeating: " ", count: max(1, 16 - $0.utf8.count)) }.joined() + "\n"
      }
      return padded([""] + titles) + rows.map(padded).joined() + legend
    case .returns:
      return "\t\(titles.joined(separator: "\t"))\n\(tabbed)\(legend)".replacing("\n", with: "\r\n")
    case .prompt:
      return "root@host:~# nvidia-smi topo -m\n\n\t\(titles.joined(separator: "\t"))\t\n\n\(tabbed)\n"
    case .bare:
      return table.replacing("|", with: " ")
    }
  }
}

extension StringProtocol {
  func trimming(_ character: Character) -> String {
    String(drop { $0 == character }.reversed().drop { $0 == character }.reversed())
  }
}

extension TopologyExample {
  /// NVSwitch, four NUMA nodes a socket, NICs behind two levels of PCIe switches; NIC4, 5, 10, 11 are for storage.
  static let dgxA100 = TopologyExample(
    "DGX A100", "NVIDIA A100-SXM4-40GB", nics: 12,
    """
    GPU0 GPU1 GPU2 GPU3 GPU4 GPU5 GPU6 GPU7 NIC0 NIC1 NIC2 NIC3 NIC4 NIC5 NIC6 NIC7 NIC8 NIC9 NIC10 NIC11 \
    | CPU Affinity | NUMA Affinity | GPU NUMA ID
    GPU0 X NV12 NV12 NV12 NV12 NV12 NV12 NV12 PXB PXB SYS SYS SYS SYS SYS SYS SYS SYS SYS SYS 48-63,176-191 3 N/A
    GPU1 NV12 X NV12 NV12 NV12 NV12 NV12 NV12 PXB PXB SYS SYS SYS SYS SYS SYS SYS SYS SYS SYS 48-63,176-191 3 N/A
    GPU2 NV12 NV12 X NV12 NV12 NV12 NV12 NV12 SYS SYS PXB PXB SYS SYS SYS SYS SYS SYS SYS SYS 16-31,144-159 1 N/A
    GPU3 NV12 NV12 NV12 X NV12 NV12 NV12 NV12 SYS SYS PXB PXB SYS SYS SYS SYS SYS SYS SYS SYS 16-31,144-159 1 N/A
    GPU4 NV12 NV12 NV12 NV12 X NV12 NV12 NV12 SYS SYS SYS SYS SYS SYS PXB PXB SYS SYS SYS SYS 112-127,240-255 7 N/A
    GPU5 NV12 NV12 NV12 NV12 NV12 X NV12 NV12 SYS SYS SYS SYS SYS SYS PXB PXB SYS SYS SYS SYS 112-127,240-255 7 N/A
    GPU6 NV12 NV12 NV12 NV12 NV12 NV12 X NV12 SYS SYS SYS SYS SYS SYS SYS SYS PXB PXB SYS SYS 80-95,208-223 5 N/A
    GPU7 NV12 NV12 NV12 NV12 NV12 NV12 NV12 X SYS SYS SYS SYS SYS SYS SYS SYS PXB PXB SYS SYS 80-95,208-223 5 N/A
    NIC0 PXB PXB SYS SYS SYS SYS SYS SYS X PXB SYS SYS SYS SYS SYS SYS SYS SYS SYS SYS
    NIC1 PXB PXB SYS SYS SYS SYS SYS SYS PXB X SYS SYS SYS SYS SYS SYS SYS SYS SYS SYS
    NIC2 SYS SYS PXB PXB SYS SYS SYS SYS SYS SYS X PXB SYS SYS SYS SYS SYS SYS SYS SYS
    NIC3 SYS SYS PXB PXB SYS SYS SYS SYS SYS SYS PXB X SYS SYS SYS SYS SYS SYS SYS SYS
    NIC4 SYS SYS SYS SYS SYS SYS SYS SYS SYS SYS SYS SYS X PIX SYS SYS SYS SYS SYS SYS
    NIC5 SYS SYS SYS SYS SYS SYS SYS SYS SYS SYS SYS SYS PIX X SYS SYS SYS SYS SYS SYS
    NIC6 SYS SYS SYS SYS PXB PXB SYS SYS SYS SYS SYS SYS SYS SYS X PXB SYS SYS SYS SYS
    NIC7 SYS SYS SYS SYS PXB PXB SYS SYS SYS SYS SYS SYS SYS SYS PXB X SYS SYS SYS SYS
    NIC8 SYS SYS SYS SYS SYS SYS PXB PXB SYS SYS SYS SYS SYS SYS SYS SYS X PXB SYS SYS
    NIC9 SYS SYS SYS SYS SYS SYS PXB PXB SYS SYS SYS SYS SYS SYS SYS SYS PXB X SYS SYS
    NIC10 SYS SYS SYS SYS SYS SYS SYS SYS SYS SYS SYS SYS SYS SYS SYS SYS SYS SYS X PIX
    NIC11 SYS SYS SYS SYS SYS SYS SYS SYS SYS SYS SYS SYS SYS SYS SYS SYS SYS SYS PIX X
    """)

  /// NVSwitch, a NIC beside each GPU; NIC8 is for storage.
  static let hgxH100 = TopologyExample(
    "HGX H100 8-GPU", "NVIDIA H100 80GB HBM3", nics: 9,
    """
    GPU0 GPU1 GPU2 GPU3 GPU4 GPU5 GPU6 GPU7 NIC0 NIC1 NIC2 NIC3 NIC4 NIC5 NIC6 NIC7 NIC8 \
    | CPU Affinity | NUMA Affinity | GPU NUMA ID
    GPU0 X NV18 NV18 NV18 NV18 NV18 NV18 NV18 PIX NODE NODE NODE SYS SYS SYS SYS NODE 0-55,112-167 0 N/A
    GPU1 NV18 X NV18 NV18 NV18 NV18 NV18 NV18 NODE PIX NODE NODE SYS SYS SYS SYS NODE 0-55,112-167 0 N/A
    GPU2 NV18 NV18 X NV18 NV18 NV18 NV18 NV18 NODE NODE PIX NODE SYS SYS SYS SYS NODE 0-55,112-167 0 N/A
    GPU3 NV18 NV18 NV18 X NV18 NV18 NV18 NV18 NODE NODE NODE PIX SYS SYS SYS SYS NODE 0-55,112-167 0 N/A
    GPU4 NV18 NV18 NV18 NV18 X NV18 NV18 NV18 SYS SYS SYS SYS PIX NODE NODE NODE SYS 56-111,168-223 1 N/A
    GPU5 NV18 NV18 NV18 NV18 NV18 X NV18 NV18 SYS SYS SYS SYS NODE PIX NODE NODE SYS 56-111,168-223 1 N/A
    GPU6 NV18 NV18 NV18 NV18 NV18 NV18 X NV18 SYS SYS SYS SYS NODE NODE PIX NODE SYS 56-111,168-223 1 N/A
    GPU7 NV18 NV18 NV18 NV18 NV18 NV18 NV18 X SYS SYS SYS SYS NODE NODE NODE PIX SYS 56-111,168-223 1 N/A
    NIC0 PIX NODE NODE NODE SYS SYS SYS SYS X NODE NODE NODE SYS SYS SYS SYS NODE
    NIC1 NODE PIX NODE NODE SYS SYS SYS SYS NODE X NODE NODE SYS SYS SYS SYS NODE
    NIC2 NODE NODE PIX NODE SYS SYS SYS SYS NODE NODE X NODE SYS SYS SYS SYS NODE
    NIC3 NODE NODE NODE PIX SYS SYS SYS SYS NODE NODE NODE X SYS SYS SYS SYS NODE
    NIC4 SYS SYS SYS SYS PIX NODE NODE NODE SYS SYS SYS SYS X NODE NODE NODE SYS
    NIC5 SYS SYS SYS SYS NODE PIX NODE NODE SYS SYS SYS SYS NODE X NODE NODE SYS
    NIC6 SYS SYS SYS SYS NODE NODE PIX NODE SYS SYS SYS SYS NODE NODE X NODE SYS
    NIC7 SYS SYS SYS SYS NODE NODE NODE PIX SYS SYS SYS SYS NODE NODE NODE X SYS
    NIC8 NODE NODE NODE NODE SYS SYS SYS SYS NODE NODE NODE NODE SYS SYS SYS SYS X
    """)

  /// Two levels of PCIe switches on one socket, as an older driver prints it: NICs by name, no NUMA column, SOC.
  static let pcie8 = TopologyExample(
    "PCIe 8-GPU", "Tesla V100-PCIE-32GB",
    """
    GPU0 GPU1 GPU2 GPU3 GPU4 GPU5 GPU6 GPU7 mlx5_0 mlx5_1 | CPU Affinity
    GPU0 X PIX PXB PXB SOC SOC SOC SOC PXB SOC 0-19,40-59
    GPU1 PIX X PXB PXB SOC SOC SOC SOC PXB SOC 0-19,40-59
    GPU2 PXB PXB X PIX SOC SOC SOC SOC PIX SOC 0-19,40-59
    GPU3 PXB PXB PIX X SOC SOC SOC SOC PIX SOC 0-19,40-59
    GPU4 SOC SOC SOC SOC X PIX PHB PHB SOC PHB 20-39,60-79
    GPU5 SOC SOC SOC SOC PIX X PHB PHB SOC PHB 20-39,60-79
    GPU6 SOC SOC SOC SOC PHB PHB X PSB SOC NODE 20-39,60-79
    GPU7 SOC SOC SOC SOC PHB PHB PSB X SOC NODE 20-39,60-79
    mlx5_0 PXB PXB PIX PIX SOC SOC SOC SOC X SOC
    mlx5_1 SOC SOC SOC SOC PHB PHB NODE NODE SOC X
    """)

  /// Two cards a bridge: the lanes of a card go to its partner alone.
  static let bridgedPairs = TopologyExample(
    "NVLink bridges", "NVIDIA A100 80GB PCIe", nics: 2,
    """
    GPU0 GPU1 GPU2 GPU3 NIC0 NIC1 | CPU Affinity | NUMA Affinity
    GPU0 X NV12 SYS SYS NODE SYS 0-31,64-95 0
    GPU1 NV12 X SYS SYS NODE SYS 0-31,64-95 0
    GPU2 SYS SYS X NV12 SYS PHB 32-63,96-127 1
    GPU3 SYS SYS NV12 X SYS PHB 32-63,96-127 1
    NIC0 NODE NODE SYS SYS X SYS
    NIC1 SYS SYS PHB PHB SYS X
    """)

  /// No NVSwitch: six of the 18 lanes to each of three peers.
  static let hgxH100Four = TopologyExample(
    "HGX H100 4-GPU", "NVIDIA H100 80GB HBM3", nics: 4,
    """
    GPU0 GPU1 GPU2 GPU3 NIC0 NIC1 NIC2 NIC3 | CPU Affinity | NUMA Affinity | GPU NUMA ID
    GPU0 X NV6 NV6 NV6 PIX SYS SYS SYS 6,14,22,30 3 N/A
    GPU1 NV6 X NV6 NV6 SYS PIX SYS SYS 4,12,20,28 1 N/A
    GPU2 NV6 NV6 X NV6 SYS SYS PIX SYS 7,15,23,31 7 N/A
    GPU3 NV6 NV6 NV6 X SYS SYS SYS PIX 5,13,21,29 5 N/A
    NIC0 PIX SYS SYS SYS X SYS SYS SYS
    NIC1 SYS PIX SYS SYS SYS X SYS SYS
    NIC2 SYS SYS PIX SYS SYS SYS X SYS
    NIC3 SYS SYS SYS PIX SYS SYS SYS X
    """)

  /// A tray of a rack: GPUs and CPUs share memory, so that a GPU is a NUMA node, too.
  static let gb200 = TopologyExample(
    "GB200 NVL72 tray", "NVIDIA GB200", nics: 4,
    """
    GPU0 GPU1 GPU2 GPU3 NIC0 NIC1 NIC2 NIC3 | CPU Affinity | NUMA Affinity | GPU NUMA ID
    GPU0 X NV18 NV18 NV18 NODE NODE SYS SYS 0-71 0,2-17 2
    GPU1 NV18 X NV18 NV18 NODE NODE SYS SYS 0-71 0,2-17 10
    GPU2 NV18 NV18 X NV18 SYS SYS NODE NODE 72-143 1,18-33 18
    GPU3 NV18 NV18 NV18 X SYS SYS NODE NODE 72-143 1,18-33 26
    NIC0 NODE NODE SYS SYS X NODE SYS SYS
    NIC1 NODE NODE SYS SYS NODE X SYS SYS
    NIC2 SYS SYS NODE NODE SYS SYS X NODE
    NIC3 SYS SYS NODE NODE SYS SYS NODE X
    """)

  /// A virtual machine does not know where its GPUs are.
  static let virtualMachine = TopologyExample(
    "virtual machine", "NVIDIA L40S",
    """
    GPU0 GPU1 | CPU Affinity | NUMA Affinity | GPU NUMA ID
    GPU0 X PHB N/A N/A N/A
    GPU1 PHB X N/A N/A N/A
    """)

  static let all = [dgxA100, hgxH100, pcie8, bridgedPairs, hgxH100Four, gb200, virtualMachine]
}
