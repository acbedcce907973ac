import BerthKubernetes
import Foundation

/// Reads jobs: in words of our own (docs/gangs-in-files.md), or manifests of Kueue, Volcano, Koordinator, KAI and
/// Kubernetes itself.
public enum JobFile {
  /// "-" is standard input. What is wrong with any job refuses the file.
  public static func read(path: String) throws(BadInput) -> [GangJob] {
    let data: Data
    do throws(Problem) {
      data = try InputFile.read(path)
    } catch {
      throw BadInput(problems: [error])
    }
    let folder = path == "-" ? nil : URL(filePath: path).deletingLastPathComponent().path
    return try read(data: data, file: path, folder: folder)
  }

  /// Files that a job names are looked for from `folder` on.
  public static func read(text: String, file: String, folder: String? = nil) throws(BadInput) -> [GangJob] {
    try read(data: Data(text.utf8), file: file, folder: folder)
  }

  private static func read(data: Data, file: String, folder: String?) throws(BadInput) -> [GangJob] {
    let objects: [ManifestObject]
    do throws(Problem) {
      objects = try self.objects(data, file)
    } catch {
      throw BadInput(problems: [error])
    }
    guard !objects.isEmpty else { throw BadInput(problems: [Problem(file, "", "has no job")]) }
    var jobs: [GangJob] = []
    var problems: [Problem] = []
    let own = objects.filter { $0.kind.isEmpty && $0.group.isEmpty }
    for object in own {
      let reader = OwnJob(ObjectReader(object: file, root: object.fields), folder: folder)
      if let job = reader.job(object.fields) { jobs.append(job) }
      problems += reader.problems
    }
    if own.count < objects.count {
      var manifests = GangManifests(objects.filter { !($0.kind.isEmpty && $0.group.isEmpty) }, file: file)
      jobs += manifests.jobs()
      problems += manifests.problems
    }
    for job in jobs { problems += JobCheck.problems(of: job).map { located($0, file) } }
    for (index, job) in jobs.enumerated() where jobs[..<index].contains(where: { $0.name == job.name }) {
      problems.append(Problem(file, "", "has two jobs '\(job.name)': rename one"))
    }
    guard problems.isEmpty else { throw BadInput(problems: problems) }
    return jobs
  }

  private static func located(_ problem: Problem, _ file: String) -> Problem {
    Problem("\(file), \(problem.object)", problem.path, problem.message)
  }

  /// JSON is read as the YAML that it nearly is, which knows lines; where it is none, as JSON.
  private static func objects(_ data: Data, _ file: String) throws(Problem) -> [ManifestObject] {
    let isJSON = data.first { $0 > UInt8(ascii: " ") } == UInt8(ascii: "{")
    if isJSON, data.count < 4 << 20, let found = try? ManifestFile.objects(data, path: file, asYAML: true) {
      return found
    }
    return try ManifestFile.objects(data, path: file)
  }
}
