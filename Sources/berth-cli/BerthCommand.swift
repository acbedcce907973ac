import ArgumentParser

@main
struct BerthCommand: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "berth")
}
